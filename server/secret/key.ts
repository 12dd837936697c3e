/** The key under which secrets are sealed: given in the environment, else a file that is made on first need. */
import { constants } from 'node:fs';
import { type FileHandle, link, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#protocol/error.ts';

/** AES-256. In bytes. */
const keyBytes = 32;
/** Longest content that is read of the file, in bytes; a key with its line end has 45. */
const maxFileBytes = 200;

export interface SecretKeyOptions {
  /** `$OMNIGENT_HOME`: the file is `secret.key` there. */
  home: string;
  /** `OMNIGENT_SECRET_KEY`; null: the file counts. */
  given: Uint8Array | null;
  random: (bytes: Uint8Array) => void;
}

/** The key in base64, 32 bytes; null for anything else. */
export function parseSecretKey(text: string): Uint8Array | null {
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text)) return null;
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === keyBytes ? bytes : null;
}

const unusable = (message: string, cause?: unknown) => new AppError({ code: 'secret.unusable', message, cause });

/** The key; null where none was made yet. Throws `secret.unusable` naming the fix. */
export async function readSecretKey({ home, given }: SecretKeyOptions): Promise<Uint8Array | null> {
  if (given) return given;
  const file = await openFile(join(home, 'secret.key'));
  if (!file) return null;
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw unusable('secret.key in OMNIGENT_HOME is no file; put the key file back');
    if ((stats.mode & 0o077) !== 0) {
      throw unusable('others may read secret.key in OMNIGENT_HOME; run chmod 600 on it');
    }
    const { buffer, bytesRead } = await file.read(Buffer.alloc(maxFileBytes), 0, maxFileBytes, 0);
    const key = parseSecretKey(buffer.toString('latin1', 0, bytesRead).trim());
    if (key) return key;
    throw unusable(
      'secret.key in OMNIGENT_HOME is not 32 bytes in base64; restore it, or move it away, restart and enter the keys again',
    );
  } finally {
    await file.close();
  }
}

/** The key, made where there is none. Of several that make one at once all get the same. Throws `secret.unusable`. */
export async function ensureSecretKey(options: SecretKeyOptions): Promise<Uint8Array> {
  const known = await readSecretKey(options);
  if (known) return known;
  await createFile(options);
  const created = await readSecretKey(options);
  if (created) return created;
  throw unusable('secret.key in OMNIGENT_HOME was removed while it was made; try again');
}

/** Null where it does not exist. A link is not followed. */
async function openFile(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    const why = code === 'ELOOP' ? 'is a symbolic link; put the file itself there' : `cannot be read (${code})`;
    throw unusable(`secret.key in OMNIGENT_HOME ${why}`, cause);
  }
}

/** It is whole and on disk before it has its name: what is sealed under it can be opened after a crash. */
async function createFile({ home, random }: SecretKeyOptions): Promise<void> {
  const key = new Uint8Array(keyBytes);
  random(key);
  const path = join(home, 'secret.key');
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
    if (code !== 'EEXIST') throw unusable(`secret.key cannot be made in OMNIGENT_HOME (${code})`, cause);
  } finally {
    await rm(next, { force: true });
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync();
  await folder.close();
}
