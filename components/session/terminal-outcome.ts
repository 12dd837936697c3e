/** How a terminal's program stopped, in words. Pure. */
import { signalName } from '#components/terminal/signal-name.ts';

/** "exited 0", "ended by SIGKILL", "closed, runner was killed". */
export function outcomeWords(closed: {
  exitCode: number | null;
  signal: number | null;
  reason?: string | null;
}): string {
  if (closed.reason) return `closed, ${closed.reason}`;
  if (closed.signal) return `ended by ${signalName(closed.signal)}`;
  return closed.exitCode === null ? 'closed' : `exited ${closed.exitCode}`;
}
