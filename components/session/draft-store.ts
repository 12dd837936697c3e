/** Drafts that outlive a reload, by session, in this tab. Without storage they last as long as the page. */

import type { TurnId } from '#protocol/id.ts';

const keyOf = (session: string): string => `omnigent.draft.${session}`;

export function readDraft(session: string): string {
  try {
    return sessionStorage.getItem(keyOf(session)) ?? '';
  } catch {
    // Storage can be switched off; then nothing is remembered, and that is what the person asked for.
    return '';
  }
}

const unsentKeyOf = (session: string): string => `omnigent.unsent.${session}`;

/** Why the first prompt of a session, which is its draft now, was not sent; '' where nothing is known of that. */
export function readUnsent(session: string): string {
  try {
    return sessionStorage.getItem(unsentKeyOf(session)) ?? '';
  } catch {
    // As above.
    return '';
  }
}

export function writeUnsent(session: string, words: string): void {
  try {
    if (words === '') sessionStorage.removeItem(unsentKeyOf(session));
    else sessionStorage.setItem(unsentKeyOf(session), words);
  } catch {
    // As above.
  }
}

/** The call that a draft was last sent with, as far as no answer came: `key` is what it asked for. */
export interface Attempt {
  key: string;
  turnId: TurnId;
}

const attemptKeyOf = (session: string): string => `omnigent.attempt.${session}`;

export function readAttempt(session: string): Attempt | null {
  try {
    return JSON.parse(sessionStorage.getItem(attemptKeyOf(session)) ?? 'null') as Attempt | null;
  } catch {
    // As above.
    return null;
  }
}

export function writeAttempt(session: string, attempt: Attempt | null): void {
  try {
    if (attempt === null) sessionStorage.removeItem(attemptKeyOf(session));
    else sessionStorage.setItem(attemptKeyOf(session), JSON.stringify(attempt));
  } catch {
    // As above.
  }
}

export function writeDraft(session: string, text: string): void {
  try {
    if (text === '') sessionStorage.removeItem(keyOf(session));
    else sessionStorage.setItem(keyOf(session), text);
  } catch {
    // As above.
  }
}
