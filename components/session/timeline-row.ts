/** What a timeline is made of: one row is one thing that scrolls into view by itself. Types only. */
import type { ApprovalStatus } from '#protocol/approval.ts';
import type { EventPayload, SessionEvent } from '#protocol/event.ts';
import type { ItemKind, TurnStatus } from '#protocol/turn-event.ts';

export interface Verdict {
  verdict: 'allow' | 'ask' | 'deny';
  rule: string;
  reasons: readonly string[];
  /** What ran in place of what was asked for; null: nothing else. */
  command: string | null;
  /** Who allowed it for its session; null: nobody did, or that is among the older events. */
  allowedBy: string | null;
}

export interface ItemEnd {
  at: string;
  status: EventPayload<'item.completed'>['status'];
  /** Null where nobody told: its turn ended first. */
  text: string | null;
  exitCode: number | null;
}

/** What people are, or were, asked about an action of an item. */
export interface Question {
  approvalId: string;
  askedAt: string;
  status: ApprovalStatus;
  /** Null while nobody has decided. */
  decided: (Pick<EventPayload<'approval.decided'>, 'note' | 'edit' | 'forSession'> & { by: string; at: string }) | null;
}

export interface ItemRow {
  kind: 'item';
  key: string;
  item: { kind: ItemKind; title: string; command: string | null; path: string | null };
  /** How many items it is nested in. */
  depth: number;
  at: string;
  /** Null while it goes on. */
  end: ItemEnd | null;
  /** Since when an action of it waits for a verdict; null: none does. */
  heldSince: string | null;
  /** The newest verdict on it. */
  verdict: Verdict | null;
  /** The newest question about it; null: nobody was asked. */
  question: Question | null;
}

export interface TurnRow {
  kind: 'turn';
  key: string;
  /** From 1, counting the turns whose start is among the events. */
  number: number;
  startedAt: string;
  /** Null while it runs. */
  endedAt: string | null;
  tokens: number;
  /** A call of it was cut, so that it used more than `tokens`. */
  isUndercounted: boolean;
}

export interface PromptRow {
  kind: 'prompt';
  key: string;
  by: string;
  agent: string;
  /** Null when it was queued before the first event that is known. */
  text: string | null;
  at: string;
  isSteering: boolean;
}

export interface SpeakerRow {
  kind: 'speaker';
  key: string;
  agent: string;
  harness: string;
  model: string | null;
  at: string;
}

export interface EndRow {
  kind: 'end';
  key: string;
  status: TurnStatus;
  reason: string | null;
  files: readonly { path: string; change: EventPayload<'file.changed'>['change'] }[];
}

/** Files changed that a command had not said. */
export interface SurpriseRow {
  kind: 'surprise';
  key: string;
  agent: string;
  at: string;
  /** The command, or the tool and what it was used on; null where it is among the older events. */
  subject: string | null;
  paths: EventPayload<'effect.surprised'>['paths'];
  more: number;
  /** It may be the doing of a person, who typed in a shell meanwhile. */
  isShared: boolean;
}

export type Row =
  | { kind: 'plain'; key: string; events: readonly SessionEvent[] }
  | { kind: 'day'; key: string; at: string }
  | { kind: 'handover'; key: string; text: string }
  | TurnRow
  | PromptRow
  | SpeakerRow
  | ItemRow
  | SurpriseRow
  | EndRow;
