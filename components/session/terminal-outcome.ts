/** How a terminal's program stopped, in words. Pure. */

/** "exited 0", "ended by signal 9", "closed, runner was killed". */
export function outcomeWords(closed: {
  exitCode: number | null;
  signal: number | null;
  reason?: string | null;
}): string {
  if (closed.reason) return `closed, ${closed.reason}`;
  if (closed.signal) return `ended by signal ${closed.signal}`;
  return closed.exitCode === null ? 'closed' : `exited ${closed.exitCode}`;
}
