/** What a notification about an approval says, on whichever way it comes: pushed, or shown by an open tab. Pure. */
import { actionText, type NamedAction } from './action-text.ts';
import { visibleLine } from './visible-text.ts';

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
export interface Announced extends NamedAction {
  id: string;
  sessionName: string;
  agent: string;
}

/** Longest subject, in characters as people count them: more does not fit on a lock screen. */
const maxSubject = 240;
const maxName = 60;

const frameOf = (approval: Announced) => ({
  body: visibleLine(`${approval.agent}: ${actionText(approval)}`, maxSubject),
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
