/** Finds an agent's program: where its variable says, on PATH, or where Omnigent installed it. */
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ProgramName {
  name: string;
  /** Variable whose absolute path wins, e.g. `OMNIGENT_CLAUDE_BIN`. */
  variable?: string;
  /** Where npm puts the native program, below `node_modules/`: there without any install script having run. */
  native?: string;
}

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

const foldersOf = (list: string | undefined): string[] => (list ?? '').split(':').filter((folder) => folder !== '');

/**
 * The absolute path of a program, or null when there is none. PATH comes before the folders of `OMNIGENT_AGENT_PATH`, each a
 * `node_modules/.bin`: what Omnigent installed, and what tests pin.
 */
export async function findProgram({ name, variable, native }: ProgramName, env: Environment): Promise<string | null> {
  const chosen = variable === undefined ? undefined : env[variable];
  const installed = foldersOf(env.OMNIGENT_AGENT_PATH).map((bin) =>
    native === undefined ? join(bin, name) : join(dirname(bin), native),
  );
  const everywhere = [...foldersOf(env.PATH).map((folder) => join(folder, name)), ...installed];
  const candidates = chosen ? [chosen] : isAbsolute(name) ? [name] : everywhere;
  for (const path of candidates) if (await isExecutable(path)) return path;
  return null;
}

/** First version number that the program prints within `timeoutMs`; null when it says none. */
export function versionOf(path: string, args: readonly string[], timeoutMs = 20_000): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(path, [...args], { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 }, (cause, stdout) => {
      resolve(cause ? null : (/\d+\.\d+\.\d+[\w.-]*/.exec(stdout)?.[0] ?? null));
    });
  });
}
