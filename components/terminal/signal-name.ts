/** What a signal's number is called. Pure. */

/** The numbers that Linux and macOS share. */
const names: ReadonlyMap<number, string> = new Map([
  [1, 'SIGHUP'],
  [2, 'SIGINT'],
  [3, 'SIGQUIT'],
  [4, 'SIGILL'],
  [6, 'SIGABRT'],
  [8, 'SIGFPE'],
  [9, 'SIGKILL'],
  [11, 'SIGSEGV'],
  [13, 'SIGPIPE'],
  [14, 'SIGALRM'],
  [15, 'SIGTERM'],
]);

/** "SIGTERM", or "signal 42" where systems differ. */
export const signalName = (signal: number): string => names.get(signal) ?? `signal ${signal}`;
