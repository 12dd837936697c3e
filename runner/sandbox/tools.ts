/** The system's programs that make a sandbox, by absolute path. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Tools {
  bwrap: string;
  nsenter: string;
  prlimit: string;
  setpriv: string;
}

/** Looked for after PATH: a person's PATH may be without them. */
const usual = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin'];

const packageOf: Readonly<Record<keyof Tools, string>> = {
  bwrap: 'bubblewrap',
  nsenter: 'util-linux',
  prlimit: 'util-linux',
  setpriv: 'util-linux',
};

/** First executable of that name; null when there is none. */
function which(name: string, path: string | undefined): string | null {
  for (const folder of [...(path ?? '').split(delimiter), ...usual].filter((each) => each.startsWith('/'))) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // Not here.
    }
  }
  return null;
}

/** Throws an Error that says what to install. */
export function findTools(path: string | undefined): Tools {
  const found = (name: keyof Tools): string => {
    const file = which(name, path);
    if (file !== null) return file;
    throw new Error(`${name} is not installed. Fix: apt-get install ${packageOf[name]}`);
  };
  return { bwrap: found('bwrap'), nsenter: found('nsenter'), prlimit: found('prlimit'), setpriv: found('setpriv') };
}
