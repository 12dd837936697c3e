/** Finds the server this command talks to and what opens it. Knows no calls. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { AppError } from '#protocol/error.ts';
import { homeOf, type ServerFile, serverFileSchema } from '#protocol/server-file.ts';

export interface Address {
  /** Origin without a slash at the end. */
  url: string;
  token: string;
}

/** The data directory of a server on this machine. */
export const findHome = (env: NodeJS.ProcessEnv): string =>
  resolve(env.OMNIGENT_HOME || homeOf({ uid: process.getuid?.(), home: homedir() }));

const isMissing = (cause: unknown): boolean => (cause as NodeJS.ErrnoException).code === 'ENOENT';

const away = (message: string, cause: unknown) => new AppError({ code: 'server.unreachable', message, cause });

function unreadable(path: string, cause: unknown): AppError {
  if (isMissing(cause)) return away(`no server runs here (${path} is missing): start it with \`npm start\``, cause);
  const message = `cannot read ${path}: run this as the user who started the server, or set OMNIGENT_URL and OMNIGENT_TOKEN`;
  return new AppError({ code: 'auth.forbidden', message, cause });
}

const readOwn = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((cause: unknown) => {
    throw unreadable(path, cause);
  });

/** What the server on this machine says of itself. Throws `server.unreachable` when none runs. */
async function readServerFile(home: string): Promise<ServerFile> {
  const path = join(home, 'server.json');
  const text = await readOwn(path);
  try {
    return serverFileSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw away(`${path} is not what a server writes there: stop the server, remove the file, start it again`, cause);
  }
}

function remoteUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new AppError({ code: 'input.invalid', message: 'OMNIGENT_URL: expected http://… or https://…' });
  }
  return url.origin;
}

/**
 * `OMNIGENT_URL` with `OMNIGENT_TOKEN`, else the server of `OMNIGENT_HOME`. Read anew at each call, because a restarted
 * server may have moved.
 */
export async function findServer(env: NodeJS.ProcessEnv): Promise<Address> {
  const { OMNIGENT_URL: url, OMNIGENT_TOKEN: token } = env;
  if (url && token) return { url: remoteUrl(url), token };
  if (token) {
    throw new AppError({ code: 'input.invalid', message: 'OMNIGENT_TOKEN needs OMNIGENT_URL, the server it is for' });
  }
  const home = findHome(env);
  const file = await readServerFile(home);
  return { url: new URL(file.url).origin, token: (await readOwn(join(home, 'cli.token'))).trim() };
}
