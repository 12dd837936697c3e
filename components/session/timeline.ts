/** Turns a session's events into what its timeline shows: days, entries by person, lines. Pure; knows no markup. */

import { capitalise, formatDay } from '#components/ui/format.ts';
import type { Phrase } from '#components/ui/phrase.ts';
import type { SessionEvent } from '#protocol/event.ts';
import { actorOf, type Names, unknownPerson } from './event-names.ts';
import { type Said, sentence } from './event-sentence.ts';

/** What an event's line shows: its words, and where it stands in the log. */
export interface Line extends Required<Said> {
  seq: number;
  at: string;
}

/** Consecutive lines of one person within five minutes, or of no person. */
export interface Entry {
  kind: 'entry';
  key: number;
  person: { id: string; name: string } | null;
  at: string;
  lines: Line[];
}
export interface DayRule {
  kind: 'day';
  key: string;
  label: string;
}
export type TimelineBlock = Entry | DayRule;

const entryGapMs = 5 * 60_000;

/** A line as a sentence of its own starts with a capital; under a person's name it goes on. */
function capitalised(text: Phrase): Phrase {
  const [first, ...rest] = text;
  return typeof first === 'string' ? [capitalise(first), ...rest] : text;
}

export function dayLabel(at: Date, now: Date): string {
  if (at.toDateString() === now.toDateString()) return 'Today';
  const yesterday = new Date(now);
  yesterday.setDate(now.getDate() - 1);
  return at.toDateString() === yesterday.toDateString() ? 'Yesterday' : formatDay(at);
}

/** The question that the event ends; it needs nobody any more. */
const overBy = (event: SessionEvent): string[] =>
  event.type === 'approval.decided' || event.type === 'approval.expired' || event.type === 'approval.withdrawn'
    ? [event.payload.approvalId]
    : [];

/** The timeline of `events` (ascending) as read at `now`, ms since the epoch, in the reader's time zone. */
export function timelineOf(events: readonly SessionEvent[], names: Names, now: number): TimelineBlock[] {
  const blocks: TimelineBlock[] = [];
  const over = new Set(events.flatMap(overBy));
  let open: Entry | null = null;
  let day = '';
  for (const event of events) {
    const at = new Date(event.at);
    const label = dayLabel(at, new Date(now));
    if (label !== day) {
      blocks.push({ kind: 'day', key: `day ${event.seq}`, label });
      day = label;
      open = null;
    }
    const actor = actorOf(event, names);
    const { tone: told = 'plain', notes = [], text, subject } = sentence(event, names);
    const isOver = event.type === 'approval.requested' && over.has(event.payload.approvalId);
    const tone = isOver ? 'plain' : told;
    const line: Line = {
      seq: event.seq,
      at: event.at,
      subject,
      tone,
      notes,
      text: actor === null ? capitalised(text) : text,
    };
    if (
      open &&
      (open.person?.id ?? null) === actor &&
      at.getTime() - Date.parse(open.lines.at(-1)?.at ?? open.at) < entryGapMs
    ) {
      open.lines.push(line);
      continue;
    }
    const person: Entry['person'] =
      actor === null ? null : { id: actor, name: names.people.get(actor) ?? unknownPerson };
    open = { kind: 'entry', key: event.seq, person, at: event.at, lines: [line] };
    blocks.push(open);
  }
  return blocks;
}

/** Runs of more than three lines about driving fold into one; everything else stays. */
export function foldLines(lines: readonly Line[]): (Line | { folded: Line[] })[] {
  const shown: (Line | { folded: Line[] })[] = [];
  let run: Line[] = [];
  const flush = () => {
    shown.push(...(run.length > 3 ? [{ folded: run }] : run));
    run = [];
  };
  for (const line of lines) {
    if (line.subject === 'driver') run.push(line);
    else {
      flush();
      shown.push(line);
    }
  }
  flush();
  return shown;
}
