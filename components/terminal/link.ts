/** The life of a terminal's connection as a pure state machine: when to retry, when to stop, what to tell the person. */

import { capitalise } from '#components/ui/format.ts';

export type Remedy = 'sign-in' | 'retry' | 'reload' | 'recording';

export type Link =
  /** A socket is being opened. `attempt` counts failures in a row; `lostAt` is when the last open link ended, in ms. */
  | { kind: 'connecting'; attempt: number; lostAt: number | null }
  | { kind: 'open'; since: number }
  /** No socket; the next try is at `retryAt`, ms. */
  | { kind: 'waiting'; attempt: number; lostAt: number; retryAt: number; why: string }
  /** Trying again by itself would not help. */
  | { kind: 'stopped'; code: number; why: string; remedy: Remedy };

export type LinkInput =
  | { type: 'opened'; now: number }
  /** `random` in [0, 1) spreads the retries of many tabs. */
  | { type: 'closed'; now: number; code: number; reason: string; random: number }
  | { type: 'retry' };

export const firstLink: Link = { kind: 'connecting', attempt: 0, lostAt: null };

const retryMinMs = 250;
const retryMaxMs = 8_000;
/** After "too fast" a quick retry would only be refused again. */
const slowRetryMs = 5_000;

/** Half to all of an exponentially growing delay, in ms. */
function retryDelayMs(attempt: number, code: number, random: number): number {
  const least = code === 4429 ? slowRetryMs : retryMinMs;
  return Math.min(Math.max(retryMaxMs, least), least * 2 ** Math.min(attempt, 10)) * (0.5 + random / 2);
}

type Stop = { why: string; remedy: Remedy };

/** What a close code of contract.md means to the person; null: try again. `reason` is the server's own sentence. */
function stopFor(code: number, reason: string): Stop | null {
  switch (code) {
    case 4400:
      return {
        why: capitalise(reason) || 'This page and the server disagree, most likely after an update.',
        remedy: 'reload',
      };
    case 4401:
      return { why: 'You are signed out.', remedy: 'sign-in' };
    case 4403:
      return {
        why: capitalise(reason) || 'You may not see this terminal. An owner of the session can let you in.',
        remedy: 'retry',
      };
    case 4404:
      return { why: capitalise(reason) || 'This terminal no longer runs. Its recording is kept.', remedy: 'recording' };
    case 4409:
      return { why: capitalise(reason) || 'This terminal is closed. Its recording is kept.', remedy: 'recording' };
    case 4413:
      return {
        why: capitalise(reason) || 'The last paste was too large, so the connection was closed.',
        remedy: 'retry',
      };
    default:
      return null;
  }
}

function waitFor(code: number): string {
  switch (code) {
    case 4429:
      return 'Too much at once';
    case 4503:
      return 'Database away';
    default:
      return 'Connection lost';
  }
}

/** The next state; inputs that make no sense in a state change nothing. */
export function nextLink(link: Link, input: LinkInput): Link {
  switch (input.type) {
    case 'opened':
      return { kind: 'open', since: input.now };
    case 'closed': {
      if (link.kind === 'waiting' || link.kind === 'stopped') return link;
      const stop = stopFor(input.code, input.reason);
      if (stop) return { kind: 'stopped', code: input.code, ...stop };
      const attempt = link.kind === 'open' ? 0 : link.attempt;
      const lostAt = link.kind === 'open' ? input.now : (link.lostAt ?? input.now);
      const retryAt = input.now + retryDelayMs(attempt, input.code, input.random);
      return { kind: 'waiting', attempt: attempt + 1, lostAt, retryAt, why: waitFor(input.code) };
    }
    case 'retry':
      if (link.kind === 'waiting') return { kind: 'connecting', attempt: link.attempt, lostAt: link.lostAt };
      return link.kind === 'stopped' ? firstLink : link;
  }
}
