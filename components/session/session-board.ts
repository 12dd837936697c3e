/** The dashboard's sessions: pages as they were loaded, changes as they arrive, one order. Pure; knows no transport. */
import type { SessionView } from '#protocol/session-view.ts';
import { type Attention, attentionFor } from '#protocol/status.ts';

export type Counts = Record<Attention, number>;

export interface Board {
  sessions: ReadonlyMap<string, SessionView>;
  /** How many sessions each group has on the server, loaded or not. */
  counts: Counts;
}

export interface SessionPage {
  sessions: readonly SessionView[];
  counts: Counts;
}

export const emptyBoard: Board = { sessions: new Map(), counts: { needs: 0, working: 0, idle: 0, done: 0 } };

/** Adds loaded pages; a session that a change made newer than its page stays as it is. */
export function addPages(board: Board, pages: readonly SessionPage[]): Board {
  const sessions = new Map(board.sessions);
  for (const page of pages) {
    for (const view of page.sessions) {
      const held = sessions.get(view.id);
      if (!held || held.lastSeq <= view.lastSeq) sessions.set(view.id, view);
    }
  }
  return { sessions, counts: pages.at(-1)?.counts ?? board.counts };
}

/** Applies one change; an older view than the one held changes nothing. Counts follow as far as they can be known. */
export function applyChange(board: Board, view: SessionView): Board {
  const held = board.sessions.get(view.id);
  if (held && held.lastSeq > view.lastSeq) return board;
  const counts = { ...board.counts };
  const group = attentionFor(view);
  if (held) counts[attentionFor(held)]--;
  if (held || view.lastSeq === 1) counts[group]++;
  else counts[group] = Math.max(counts[group], 1);
  return { sessions: new Map(board.sessions).set(view.id, view), counts };
}

/** The change moved a session between groups, or it was not loaded, so the server's counts should be asked again. */
export const movesCounts = (board: Board, view: SessionView): boolean => {
  const held = board.sessions.get(view.id);
  return !held || attentionFor(held) !== attentionFor(view);
};

/** Sessions of one group, newest change first, as the server pages them. */
export const groupOf = (board: Board, group: Attention): SessionView[] =>
  [...board.sessions.values()]
    .filter((view) => attentionFor(view) === group)
    .sort((a, b) => b.updatedAt.localeCompare(a.updatedAt) || a.id.localeCompare(b.id));

export type Groups = Record<Attention, readonly SessionView[]>;

/** A session whose question is written about, and the group in which that began. */
export interface Written {
  id: string;
  group: Attention;
}

/** It stays in that group until the writing is over: a row that moves away would lose what is written in it. */
export function withWritten(groups: Groups, written: Written | null): Groups {
  const view = Object.values(groups)
    .flat()
    .find(({ id }) => id === written?.id);
  if (!written || !view || groups[written.group].includes(view)) return groups;
  const without = (group: Attention) => groups[group].filter((each) => each !== view);
  const others = { needs: without('needs'), working: without('working'), idle: without('idle'), done: without('done') };
  return { ...others, [written.group]: [view, ...others[written.group]] };
}

export interface Filter {
  /** Words that must all occur in name, source, branch or reason; case does not matter. */
  text: string;
  source: string | null;
  personId: string | null;
}

export const noFilter: Filter = { text: '', source: null, personId: null };

export const isFiltering = (filter: Filter): boolean =>
  filter.text.trim() !== '' || filter.source !== null || filter.personId !== null;

/** Whether a session is shown under `filter`. */
export function matches(view: SessionView, filter: Filter): boolean {
  if (filter.source !== null && view.source !== filter.source) return false;
  if (filter.personId !== null && !view.members.some((member) => member.personId === filter.personId)) return false;
  const haystack = `${view.name}\n${view.source}\n${view.branch ?? ''}\n${view.reason}`.toLowerCase();
  return filter.text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => haystack.includes(word));
}
