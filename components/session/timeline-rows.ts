/**
 * A session's events as rows of its timeline: turns with what was said and done in them, and plain lines between. Grows by
 * one event at a time, and what did not change keeps its identity. Pure; knows no markup.
 */
import { actionText } from '#protocol/action-text.ts';
import type { EventPayload, SessionEvent } from '#protocol/event.ts';
import { itemOf, type Started } from './action-item.ts';
import { type ApprovalEvent, isApproval, questionAfter } from './item-question.ts';
import { RowList } from './row-list.ts';
import type { ItemRow, Row, SpeakerRow } from './timeline-row.ts';

type EventOf<T extends SessionEvent['type']> = SessionEvent & { type: T };

/** Events in one plain row: a row is drawn whole, so a long one is cut. */
const maxPlain = 30;
/** Facts that the composer shows while they matter. */
const silent = new Set<SessionEvent['type']>(['turn.moved']);

/** What is known of a turn beside its rows. */
interface Turn {
  speaker: Omit<SpeakerRow, 'key' | 'at'>;
  open: Set<string>;
  /** Somebody else has spoken since. */
  isSilenced: boolean;
}

export class TimelineRows {
  readonly #list = new RowList();
  readonly #prompts = new Map<string, { by: string; text: string }>();
  readonly #actions = new Map<string, { key: string; payload: EventPayload<'action.requested'> }>();
  readonly #turns = new Map<string, Turn>();
  /** Who decided, by approval. */
  readonly #deciders = new Map<string, string>();
  #rows: readonly Row[] = [];
  #day = '';
  #first = 0;
  #last = 0;

  /** Rows of `events` (ascending); those added since the last call are folded in, anything else begins anew. */
  of(events: readonly SessionEvent[]): readonly Row[] {
    const first = events[0]?.seq ?? 0;
    if (first !== this.#first || (events.at(-1)?.seq ?? 0) < this.#last) this.#restart(first);
    const from = this.#last === 0 ? 0 : events.findLastIndex(({ seq }) => seq <= this.#last) + 1;
    if (from >= events.length) return this.#rows;
    for (const event of events.slice(from)) this.#fold(event);
    this.#last = events.at(-1)?.seq ?? 0;
    this.#rows = this.#list.copy();
    return this.#rows;
  }

  /** Turns whose start is among the events. */
  get turns(): number {
    return this.#turns.size;
  }

  #restart(first: number): void {
    this.#rows = [];
    this.#first = first;
    this.#last = 0;
    this.#day = '';
    this.#list.clear();
    for (const map of [this.#prompts, this.#actions, this.#turns, this.#deciders]) map.clear();
  }

  #fold(event: SessionEvent): void {
    const day = new Date(event.at).toDateString();
    if (day !== this.#day) this.#list.push({ kind: 'day', key: `day-${event.seq}`, at: event.at });
    this.#day = day;
    switch (event.type) {
      case 'turn.queued':
        this.#prompts.set(event.payload.turnId, { by: event.principal, text: event.payload.prompt });
        return;
      case 'turn.started':
        return this.#started(event, this.#prompts.get(event.payload.turnId) ?? null, event.payload.handover);
      case 'turn.begun':
        return this.#started(event, { by: event.principal, text: event.payload.prompt }, null);
      case 'turn.steered':
        return this.#steered(event);
      case 'item.started':
        return this.#itemStarted(event.payload, event);
      case 'item.completed':
        return this.#itemCompleted(event);
      case 'action.requested':
        return this.#requested(event);
      case 'action.judged':
        return this.#judged(event);
      case 'action.acted':
        return this.#acted(event);
      case 'effect.surprised':
        return this.#surprised(event);
      case 'usage.recorded':
        return this.#counted(event.payload);
      case 'file.changed':
        return this.#fileChanged(event.payload);
      case 'turn.completed':
        return this.#ended(event);
      default:
        if (isApproval(event) && this.#asked(event)) return;
        if (!silent.has(event.type)) this.#plain(event);
    }
  }

  #plain(event: SessionEvent): void {
    const { last } = this.#list;
    if (last?.kind !== 'plain' || last.events.length >= maxPlain)
      return this.#list.push({ kind: 'plain', key: `plain-${event.seq}`, events: [event] });
    this.#list.change('plain', last.key, ({ events }) => ({ events: [...events, event] }));
  }

  #started(
    { payload, at }: EventOf<'turn.started' | 'turn.begun'>,
    prompt: { by: string; text: string } | null,
    handover: string | null,
  ): void {
    const { turnId, agent, harness, model } = payload;
    const speaker = { kind: 'speaker' as const, agent, harness, model };
    this.#turns.set(turnId, { speaker, open: new Set(), isSilenced: false });
    const { by, text } = prompt ?? { by: '', text: null };
    const number = this.#turns.size;
    const unspent = { tokens: 0, isUndercounted: false };
    this.#list.push({ kind: 'turn', key: turnId, number, startedAt: at, endedAt: null, ...unspent });
    this.#list.push({ kind: 'prompt', key: `prompt-${turnId}`, by, agent, text, at, isSteering: false });
    if (handover !== null) this.#list.push({ kind: 'handover', key: `handover-${turnId}`, text: handover });
    this.#list.push({ ...speaker, key: `speaker-${turnId}`, at });
  }

  #steered({ payload: { turnId, text, by }, seq, at }: EventOf<'turn.steered'>): void {
    this.#list.push({ kind: 'prompt', key: `steer-${seq}`, by, agent: '', text, at, isSteering: true });
    const turn = this.#turns.get(turnId);
    if (turn) turn.isSilenced = true;
  }

  #itemStarted(payload: Started, { at, seq }: Pick<SessionEvent, 'at' | 'seq'>): void {
    const { itemId: key, turnId, parentId, kind, title, command, path } = payload;
    const turn = turnId === null ? undefined : this.#turns.get(turnId);
    turn?.open.add(key);
    const parent = parentId === null ? undefined : this.#list.get(parentId);
    const depth = parent?.kind === 'item' ? parent.depth + 1 : 0;
    if (turn?.isSilenced && depth === 0) {
      this.#list.push({ ...turn.speaker, key: `speaker-${seq}`, at });
      turn.isSilenced = false;
    }
    const item = { kind, title, command, path };
    const row: ItemRow = {
      kind: 'item',
      key,
      item,
      depth,
      at,
      end: null,
      heldSince: null,
      verdict: null,
      question: null,
    };
    if (parent) this.#list.nest(parent.key, row);
    else this.#list.push(row);
  }

  #itemCompleted(event: EventOf<'item.completed'>): void {
    const { itemId, turnId, kind, title, command, path, status, text, exitCode } = event.payload;
    if (!this.#list.get(itemId)) this.#itemStarted(event.payload, event);
    this.#turns.get(turnId)?.open.delete(itemId);
    const end = { at: event.at, status, text, exitCode };
    this.#list.change('item', itemId, () => ({ item: { kind, title, command, path }, end, heldSince: null }));
  }

  #requested({ payload, at }: EventOf<'action.requested'>): void {
    const key = payload.itemId ?? payload.actionId;
    this.#actions.set(payload.actionId, { key, payload });
    this.#list.change('item', key, () => ({ heldSince: at }));
  }

  /** An action of no item is shown only where it does not simply happen. */
  #judged({ payload, at, seq }: EventOf<'action.judged'>): void {
    const { actionId, verdict, rule, reasons, command } = payload;
    const action = this.#actions.get(actionId);
    if (!action) return;
    const { key, payload: asked } = action;
    if (verdict !== 'allow' && asked.itemId === null) this.#itemStarted(itemOf(asked), { at, seq });
    this.#list.change('item', key, ({ heldSince }) => ({
      heldSince: verdict === 'ask' ? (heldSince ?? at) : null,
      verdict: { verdict, rule, reasons, command, allowedBy: this.#deciders.get(rule.split(':')[1] ?? '') ?? null },
    }));
  }

  /** Told in the row of its action, where that is known; says whether it is. */
  #asked(event: ApprovalEvent): boolean {
    if (event.type === 'approval.decided') this.#deciders.set(event.payload.approvalId, event.principal);
    const key = this.#actions.get(event.payload.actionId)?.key ?? '';
    if (this.#list.get(key)?.kind !== 'item') return false;
    this.#list.change('item', key, ({ question, heldSince }) => {
      const next = questionAfter(question, event);
      return { question: next, heldSince: next?.status === 'pending' ? heldSince : null };
    });
    return true;
  }

  #acted({ payload: { actionId, outcome }, at }: EventOf<'action.acted'>): void {
    const action = this.#actions.get(actionId);
    if (!action) return;
    const status = ({ ran: 'completed', blocked: 'denied', withdrawn: 'interrupted', unknown: 'interrupted' } as const)[
      outcome
    ];
    const end = action.payload.itemId === null ? { at, status, text: null, exitCode: null } : null;
    this.#list.change('item', action.key, ({ question }) => ({
      ...{ heldSince: null, ...(end && { end }) },
      question: question?.decided && outcome === 'unknown' ? { ...question, status: 'unknown' as const } : question,
    }));
  }

  #surprised({ payload, at, seq }: EventOf<'effect.surprised'>): void {
    const { actionId, agent, paths, more, shared: isShared } = payload;
    const asked = this.#actions.get(actionId)?.payload;
    const subject = asked ? actionText(asked) : null;
    this.#list.push({ kind: 'surprise', key: `surprise-${seq}`, agent, at, subject, paths, more, isShared });
  }

  #counted(usage: EventPayload<'usage.recorded'>): void {
    const input = usage.inputTokens + usage.cacheReadTokens + usage.cacheWrite5mTokens + usage.cacheWrite1hTokens;
    if (usage.turnId === null) return;
    this.#list.change('turn', usage.turnId, ({ tokens, isUndercounted }) => ({
      tokens: tokens + input + usage.outputTokens,
      isUndercounted: isUndercounted || usage.status === 'unknown',
    }));
  }

  #ended({ payload: { turnId, status, reason }, at }: EventOf<'turn.completed'>): void {
    const turn = this.#turns.get(turnId);
    const end = { at, status: 'interrupted', text: null, exitCode: null } as const;
    for (const key of turn?.open ?? []) this.#list.change('item', key, () => ({ end, heldSince: null }));
    turn?.open.clear();
    this.#list.change('turn', turnId, () => ({ endedAt: at }));
    this.#list.push({ kind: 'end', key: `end-${turnId}`, status, reason, files: [] });
  }

  #fileChanged({ turnId, path, change }: EventPayload<'file.changed'>): void {
    this.#list.change('end', `end-${turnId}`, ({ files }) => ({ files: [...files, { path, change }] }));
  }
}
