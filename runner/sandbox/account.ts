/** As whom sandboxes run: those of root as a user who owns nothing but the sessions, others as whoever starts them. */
import { execFile } from 'node:child_process';
import { type Stats, statSync } from 'node:fs';
import { chmod, chown, mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Account {
  uid: number;
  gid: number;
}

/** In none of the ranges that Debian or systemd hand out. It needs no name. */
const ownUid = 60_417;

/** Null: this process' own. */
export const sandboxAccount = (): Account | null => (process.getuid?.() === 0 ? { uid: ownUid, gid: ownUid } : null);

/** Becomes the account; the command follows. `setpriv` is absolute. */
export const asAccount = (account: Account | null, setpriv: string): string[] =>
  account === null
    ? []
    : [setpriv, '--reuid', String(account.uid), '--regid', String(account.gid), '--clear-groups', '--'];

const mayEnter = ({ mode, uid, gid }: Stats, by: Account): boolean =>
  (mode & (uid === by.uid ? 0o100 : gid === by.gid ? 0o010 : 0o001)) !== 0;

/** The folder at or above `path` that lets the account not through; null: it reaches it. Looks at permission bits. */
export function obstacleTo(path: string, account: Account | null): string | null {
  if (account === null) return null;
  for (let at = path; ; at = dirname(at)) {
    const found = statSync(at, { throwIfNoEntry: false });
    if (found && !mayEnter(found, account) && (found.isDirectory() || at !== path)) return at;
    if (at === dirname(at)) return null;
  }
}

/** Gives it folders and all that is in them. Follows no link, also while somebody works in them. */
export async function handOver(folders: readonly string[], account: Account | null): Promise<void> {
  if (account === null) return;
  const { uid, gid } = account;
  await run('chown', ['--no-dereference', '--recursive', '-P', `${uid}:${gid}`, '--', ...folders]);
}

export const isOwnedBy = (path: string, account: Account | null): boolean =>
  account === null || statSync(path).uid === account.uid;

/** Gives it a folder, not what is in it. Throws an Error naming a folder above that lets it not through. */
export async function letThrough(folder: string, account: Account | null): Promise<void> {
  if (account === null) return;
  const obstacle = obstacleTo(dirname(folder), account);
  if (obstacle !== null)
    throw new Error(
      `${obstacle} lets nobody else through, and programs do not run as root. Fix: chmod o+x ${obstacle}`,
    );
  await chown(folder, account.uid, account.gid);
}

/** A new folder for what is thrown away again, which the account can be given; mode 0711. */
export async function makeTemporary(prefix: string, account: Account | null): Promise<string> {
  const place = [tmpdir(), '/tmp', '/var/tmp'].find((folder) => obstacleTo(folder, account) === null) ?? tmpdir();
  const folder = await realpath(await mkdtemp(join(place, prefix)));
  await chmod(folder, 0o711);
  return folder;
}
