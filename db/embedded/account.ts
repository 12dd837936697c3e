/** Decides as whom Postgres runs (it refuses root) and what that user can reach; starts nothing lasting. */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, chmod, mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { AppError } from '#protocol/error.ts';
import { isCode } from './process.ts';

const run = promisify(execFile);

/** Who runs the cluster. */
export type Account =
  /** The user who runs this process. */
  | { kind: 'self' }
  /** We are root: a system user of its own. */
  | { kind: 'user'; name: string; uid: number; gid: number }
  /** This process' own user, seen as `uid` in a user namespace: Postgres refuses root, and users without a name. */
  | { kind: 'namespace'; uid: number };

/** Nothing of our own environment (keys, tokens) reaches Postgres. */
const environment = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  LC_ALL: 'C',
  TZ: 'UTC',
  PGTZ: 'UTC',
} as Partial<NodeJS.ProcessEnv> as NodeJS.ProcessEnv;

/** System users that may run it, in order; the last is created when none exists. */
const candidates = ['postgres', 'omnigent'] as const;

/**
 * Picks the account for the cluster under `home`, creating `home` (0700, as root 0711) when it is missing.
 * A cluster that exists keeps its owner. Throws `database.unavailable` when nobody can run it here.
 */
export async function chooseAccount(home: string): Promise<Account> {
  const isRoot = process.getuid?.() === 0;
  await mkdir(home, { recursive: true, mode: isRoot ? 0o711 : 0o700 });
  return isRoot ? chooseForRoot(home) : chooseForUser();
}

async function chooseForUser(): Promise<Account> {
  const users = await readUsers();
  const uid = process.getuid?.();
  if (users === null || uid === undefined || users.some((user) => user.uid === uid)) return { kind: 'self' };
  // Users of a directory service are in no file but have a name; a container's `--user 4242` has none.
  if (await isAllowed(['id', '-un'])) return { kind: 'self' };
  const account = await tryNamespace(users);
  if (account) return account;
  const message = `PostgreSQL does not run as a user without a name: add uid ${uid} to /etc/passwd`;
  throw new AppError({ code: 'database.unavailable', message });
}

async function chooseForRoot(home: string): Promise<Account> {
  const owner = await ownerOf(join(home, 'postgres', 'data'));
  const { mode } = await stat(home);
  if ((mode & 0o011) !== 0o011) await chmod(home, (mode & 0o7777) | 0o011);
  if (owner?.uid !== 0) {
    const user = owner ? { kind: 'user' as const, name: `uid ${owner.uid}`, ...owner } : await systemUser();
    if (user && (await canReach(join(home, 'postgres'), user))) return user;
  }
  const account = await tryNamespace((await readUsers()) ?? []);
  if (account) return account;
  throw new AppError({
    code: 'database.unavailable',
    message: `PostgreSQL does not run as root, and no other user can enter ${home}: set OMNIGENT_HOME to another folder`,
  });
}

/** Null where users are not kept in a file. */
async function readUsers(): Promise<{ name: string; uid: number }[] | null> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => null);
  if (text === null || process.platform !== 'linux') return null;
  return text.split('\n').flatMap((line) => {
    const [name = '', , uid = ''] = line.split(':');
    return name && /^\d+$/.test(uid) ? [{ name, uid: Number(uid) }] : [];
  });
}

/** Maps to a user that has a name and is not root; which one makes no difference outside. */
async function tryNamespace(users: { name: string; uid: number }[]): Promise<Account | null> {
  const mapped = users.find((user) => user.name === 'nobody') ?? users.find((user) => user.uid !== 0);
  if (!mapped) return null;
  const account = { kind: 'namespace' as const, uid: mapped.uid };
  return (await isAllowed([...namespacePrefix(account), 'true'])) ? account : null;
}

const namespacePrefix = ({ uid }: { uid: number }) => ['unshare', '-U', `--map-user=${uid}`, `--map-group=${uid}`];

async function ownerOf(path: string): Promise<{ uid: number; gid: number } | null> {
  try {
    const { uid, gid } = await stat(path);
    return { uid, gid };
  } catch (cause) {
    if (isCode(cause, 'ENOENT')) return null;
    throw cause;
  }
}

async function systemUser(): Promise<(Account & { kind: 'user' }) | null> {
  for (const name of candidates) {
    const user = await lookUp(name);
    if (user) return user;
  }
  const name = candidates[1];
  const created = await isAllowed(['useradd', '--system', '--no-create-home', '--shell', '/usr/sbin/nologin', name]);
  return created ? lookUp(name) : null;
}

async function lookUp(name: string): Promise<(Account & { kind: 'user' }) | null> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { kind: 'user', name, uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch (cause) {
    // id exits 1 for a user that does not exist.
    if (isCode(cause, 1)) return null;
    throw cause;
  }
}

/** True when the command exists here and succeeds. */
export async function isAllowed(command: string[]): Promise<boolean> {
  const [program = '', ...args] = command;
  return run(program, args).then(
    () => true,
    () => false,
  );
}

/**
 * True when `account` may traverse every folder above `path`, and, if `path` exists, execute or enter it. Looks at
 * permission bits, not at access control lists.
 */
export async function canReach(path: string, account: Account): Promise<boolean> {
  if (account.kind !== 'user') return isEnterable(path);
  for (let at = path; ; at = dirname(at)) {
    const found = await stat(at).catch((cause: unknown) => {
      if (isCode(cause, 'ENOENT') && at === path) return null;
      throw cause;
    });
    if (found && !mayExecute(found, account)) return false;
    if (at === dirname(at)) return true;
  }
}

function mayExecute(of: { mode: number; uid: number; gid: number }, by: { uid: number; gid: number }): boolean {
  if (of.uid === by.uid) return (of.mode & 0o100) !== 0;
  if (of.gid === by.gid) return (of.mode & 0o010) !== 0;
  return (of.mode & 0o001) !== 0;
}

const isEnterable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    (cause: unknown) => isCode(cause, 'ENOENT'),
  );

/** How to run `line` (program and arguments) as `account`: command, arguments and options for `spawn`. */
export function asAccount(account: Account, line: string[]) {
  const options = { cwd: '/', env: environment };
  const [command = '', ...args] = account.kind === 'namespace' ? [...namespacePrefix(account), ...line] : line;
  if (account.kind !== 'user') return { command, args, options };
  return { command, args, options: { ...options, uid: account.uid, gid: account.gid } };
}
