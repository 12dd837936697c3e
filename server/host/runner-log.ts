/** The file a runner's own output goes to: opened for appending, and kept from growing without bound. */
import { constants, statSync, truncateSync } from 'node:fs';
import { type FileHandle, open, readFile, rename, stat } from 'node:fs/promises';

/** A log above this is moved aside at the next launch, and emptied while its runner lives. */
const maxLogBytes = 4 * 1024 * 1024;

/** Opens for appending, 0600; the log of earlier launches is kept, at most one older file beside it. */
export async function openRunnerLog(path: string): Promise<FileHandle> {
  const size = (await stat(path).catch(() => null))?.size ?? 0;
  if (size > maxLogBytes / 4) await rename(path, `${path}.old`);
  return open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW, 0o600);
}

/** The last lines, for the reason of a failed launch; empty when there is no log. */
export async function readLogTail(path: string, maxChars: number): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text
    .slice(-maxChars)
    .replace(/\p{Cc}+/gu, ' ')
    .trim();
}

/** Empties the log that this process writes to when it has grown too large; appending goes on at its start. */
export function boundLogOf(pid: number, maxBytes = maxLogBytes): void {
  const path = `/proc/${pid}/fd/2`;
  const facts = statSync(path, { throwIfNoEntry: false });
  if (facts?.isFile() && facts.size > maxBytes) truncateSync(path, 0);
}
