/** The real terminal: raw and on a screen of its own while attached, exactly as before on every way out. */
import type { Input, Output } from '../io.ts';
import { enterScreen, leaveScreen } from './local-mode.ts';

/** Signals that end the command, with the exit code each stands for; SIGINT ends every command anyway. */
const endings = { SIGTERM: 143, SIGHUP: 129 } as const;

export interface TtyOptions {
  stdin: Input;
  stdout: Output;
  /** The terminal may have been used by others meanwhile: everything has to be drawn anew. */
  onReturned(): void;
}

/**
 * Takes the terminal over and returns how to give it back, which may be called more than once. A signal, an exit from
 * anywhere and an error nobody caught give it back too.
 */
export function takeTty({ stdin, stdout, onReturned }: TtyOptions): () => void {
  let isTaken = true;
  const enter = () => {
    stdin.setRawMode?.(true);
    // Writing to a terminal is synchronous, also while the process exits.
    stdout.write(enterScreen);
  };
  const leave = () => {
    if (!isTaken) return;
    isTaken = false;
    stdout.write(leaveScreen);
    stdin.setRawMode?.(false);
    stdin.pause();
  };
  for (const [signal, exitCode] of Object.entries(endings)) process.on(signal, () => process.exit(exitCode));
  process.on('exit', leave);
  process.on('SIGCONT', () => {
    if (!isTaken) return;
    enter();
    onReturned();
  });
  enter();
  return leave;
}
