/** How being attached ends, what that means for the exit code, and how the last output is waited for. */
import type { Clock } from './clock.ts';

/** How a program stopped; both null: it was ended from outside. */
export interface Closed {
  exitCode: number | null;
  signal: number | null;
}

export type Ending =
  /** The person left; the program goes on. */
  { kind: 'left' } | { kind: 'interrupted' } | { kind: 'timeout' } | { kind: 'closed'; closed: Closed };

export function exitOf(ending: Ending): number {
  switch (ending.kind) {
    case 'left':
      return 0;
    case 'interrupted':
      return 130;
    case 'timeout':
      return 124;
    case 'closed':
      return ending.closed.exitCode === 0 ? 0 : 1;
  }
}

/** "program exited 3": for stderr. `reason` is the session's, where the program did not end by itself. */
export function describeClosed({ exitCode, signal }: Closed, reason: string | null): string {
  if (exitCode !== null) return `program exited ${exitCode}`;
  return signal === null ? `terminal closed${reason ? `: ${reason}` : ''}` : `program ended by signal ${signal}`;
}

/** Longest wait for the last output of a program that has ended, in ms, and how often it is looked for. */
const patienceMs = 10_000;
const lookMs = 10;

/** Resolves when everything up to `offset` was taken, or when it does not come. */
export async function untilTaken(clock: Clock, offset: number, end: () => number | null): Promise<void> {
  const deadline = clock.now() + patienceMs;
  while ((end() ?? -1) < offset && clock.now() < deadline) {
    await new Promise<void>((resolve) => {
      clock.after(lookMs, resolve);
    });
  }
}
