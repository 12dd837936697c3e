/** What a notification about an approval says, on whichever way it comes: pushed, or shown by an open tab. Pure. */
import { visibleParts } from './visible-text.ts';

/** What a service worker shows. Together it stays far below the 3,993 bytes that a push can carry (RFC 8291). */
export interface Notice {
  /** 1 to 200 characters. */
  title: string;
  /** At most 1,000 characters. */
  body: string;
  /** A path of this server. */
  url: string;
  /** One that has the tag of another takes its place. */
  tag: string;
  /** It only says what became of one that was shown: without sound, and not at all where a tab is in sight. */
  isSettled: boolean;
}

/** The part of an approval that a notification speaks of. */
export interface Announced {
  id: string;
  sessionName: string;
  agent: string;
  tool: string;
  command: string | null;
  paths: readonly string[];
}

/** Longest subject, in characters as people count them: more does not fit on a lock screen. */
const maxSubject = 240;
const maxName = 60;

/** One line of at most `most` characters in which each shows: what would not is named in brackets, line feeds too. */
function visibleLine(text: string, most: number): string {
  // No character becomes less than one: one more than fits is enough to know that it does not fit.
  const head = [...text].slice(0, most + 1).join('');
  const named = visibleParts(head)
    .map(({ kind, text: part }) => (kind === 'shown' ? part.replaceAll('\n', '[\\n]') : `[${part}]`))
    .join('');
  const chars = [...named];
  return chars.length > most ? `${chars.slice(0, most - 1).join('')}…` : named;
}

const subjectOf = ({ command, tool, paths }: Announced): string => command ?? `${tool} ${paths.join(' ')}`.trim();

const frameOf = (approval: Announced) => ({
  body: visibleLine(`${approval.agent}: ${subjectOf(approval)}`, maxSubject),
  url: `/inbox/${approval.id}`,
  tag: approval.id,
});

/** Somebody is to decide. */
export const askNotice = (approval: Announced): Notice => ({
  ...frameOf(approval),
  title: `Approve in ${visibleLine(approval.sessionName, maxName)}?`,
  isSettled: false,
});

export type Settled = 'approved' | 'denied' | 'withdrawn' | 'expired' | 'unknown';

/** It waits no more; `by` is the name of whoever decided. */
export const settledNotice = (approval: Announced, status: Settled, by: string | null): Notice => ({
  ...frameOf(approval),
  title: settledTitle(status, visibleLine(by ?? 'somebody', maxName)),
  isSettled: true,
});

function settledTitle(status: Settled, by: string): string {
  switch (status) {
    case 'approved':
    case 'unknown':
      return `Approved by ${by}`;
    case 'denied':
      return `Denied by ${by}`;
    case 'withdrawn':
      return 'Not needed any more';
    case 'expired':
      return 'Nobody decided in time';
  }
}

/** Somebody wants to see that notifications arrive. */
export const testNotice: Notice = {
  title: 'Notifications work',
  body: 'This is how an agent that waits for you is announced.',
  url: '/inbox',
  tag: 'test',
  isSettled: false,
};
