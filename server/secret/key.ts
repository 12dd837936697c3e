/** The key under which secrets are sealed: given in the environment, else a file that is made on first need. */
import { constants } from 'node:fs';
import { type FileHandle, link, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#protocol/error.ts';

/** AES-256. In bytes. */
const keyBytes = 32;
/** Longest content that is read of the file, in bytes; a key with its line end has 45. */
const maxFileBytes = 200;

export interface SecretKeyOptions {
  /** `$OMNIGENT_HOME`: the file is `secret.key` there, and `secret.key.next` while the key is being changed. */
  home: string;
  /** `OMNIGENT_SECRET_KEY`; null: the file counts. */
  given: Uint8Array | null;
  /** `OMNIGENT_SECRET_KEY_NEXT`: the key that takes the place of `given`; null: none, or the file's. */
  givenNext: Uint8Array | null;
  random: (bytes: Uint8Array) => void;
}

/** The keys under which something may be sealed now. `next` is there while it takes the place of `current`. */
export interface SecretKeys {
  current: Uint8Array | null;
  next: Uint8Array | null;
}

type FileName = 'secret.key' | 'secret.key.next';

/** The key in base64, 32 bytes; null for anything else. */
export function parseSecretKey(text: string): Uint8Array | null {
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text)) return null;
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === keyBytes ? bytes : null;
}

const unusable = (message: string, cause?: unknown) => new AppError({ code: 'secret.unusable', message, cause });

/** Throws `secret.unusable` naming the fix. */
export async function readSecretKeys({ home, given, givenNext }: SecretKeyOptions): Promise<SecretKeys> {
  return {
    current: given ?? (await readFile(home, 'secret.key')),
    next: givenNext ?? (given ? null : await readFile(home, 'secret.key.next')),
  };
}

/** The key to seal under, made where there is none. Of several that make one at once all get the same. Throws `secret.unusable`. */
export async function ensureSecretKey(options: SecretKeyOptions): Promise<Uint8Array> {
  const { current, next } = await readSecretKeys(options);
  return next ?? current ?? ensureFile(options, 'secret.key');
}

/** The file of the next key, made where there is none. Throws `secret.unusable`. */
export const ensureNextFile = (options: Pick<SecretKeyOptions, 'home' | 'random'>): Promise<Uint8Array> =>
  ensureFile(options, 'secret.key.next');

/** The next key is the key: nothing may be sealed under the old one any more, which is gone after this. */
export async function promoteNextFile(home: string): Promise<void> {
  await rename(join(home, 'secret.key.next'), join(home, 'secret.key'));
  await removeStrayFiles(home);
  await syncFolder(home);
}

/** Removes what a crash left of making a key: a copy of it under another name. Nobody may be making one. */
export async function removeStrayFiles(home: string): Promise<void> {
  const names = (await readdir(home)).filter((name) => /^secret\.key(?:\.next)?\.[0-9a-f]{16}$/.test(name));
  await Promise.all(names.map((name) => rm(join(home, name), { force: true })));
}

/** Null where none was made yet. */
async function readFile(home: string, name: FileName): Promise<Uint8Array | null> {
  const file = await openFile(home, name);
  if (!file) return null;
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw unusable(`${name} in OMNIGENT_HOME is no file; put the key file back`);
    if ((stats.mode & 0o077) !== 0) {
      throw unusable(`others may read ${name} in OMNIGENT_HOME; run chmod 600 on it`);
    }
    const { buffer, bytesRead } = await file.read(Buffer.alloc(maxFileBytes), 0, maxFileBytes, 0);
    const key = parseSecretKey(buffer.toString('latin1', 0, bytesRead).trim());
    if (key) return key;
    throw unusable(
      `${name} in OMNIGENT_HOME is not 32 bytes in base64; restore it, or move it away, restart and enter the keys again`,
    );
  } finally {
    await file.close();
  }
}

async function ensureFile(options: Pick<SecretKeyOptions, 'home' | 'random'>, name: FileName): Promise<Uint8Array> {
  const known = await readFile(options.home, name);
  if (known) return known;
  await createFile(options, name);
  const created = await readFile(options.home, name);
  if (created) return created;
  throw unusable(`${name} in OMNIGENT_HOME was removed while it was made; try again`);
}

/** Null where it does not exist. A link is not followed. */
async function openFile(home: string, name: FileName): Promise<FileHandle | null> {
  try {
    return await open(join(home, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    const why = code === 'ELOOP' ? 'is a symbolic link; put the file itself there' : `cannot be read (${code})`;
    throw unusable(`${name} in OMNIGENT_HOME ${why}`, cause);
  }
}

/** It is whole and on disk before it has its name: what is sealed under it can be opened after a crash. */
async function createFile({ home, random }: Pick<SecretKeyOptions, 'home' | 'random'>, name: FileName): Promise<void> {
  const key = new Uint8Array(keyBytes);
  random(key);
  const path = join(home, name);
  const suffix = new Uint8Array(8);
  random(suffix);
  const next = `${path}.${Buffer.from(suffix).toString('hex')}`;
  try {
    const file = await open(next, 'wx', 0o600);
    await file.writeFile(`${Buffer.from(key).toString('base64')}\n`);
    await file.sync();
    await file.close();
    await link(next, path);
    await syncFolder(home);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw unusable(`${name} cannot be made in OMNIGENT_HOME (${code})`, cause);
  } finally {
    await rm(next, { force: true });
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync();
  await folder.close();
}
