/** Locks that die with the process that holds them: flock(2) on an open file, taken by util-linux's `flock`. */
import { type FileHandle, open, stat } from 'node:fs/promises';
import { AppError } from '#protocol/error.ts';
import { runProgram } from '../program.ts';

/** Exit code of `flock` for a lock that somebody else holds. */
export const busyCode = 75;

export interface Lock {
  /** Harmless when repeated. */
  release(): Promise<void>;
}

const toLock = (file: FileHandle): Lock => {
  let isHeld = true;
  return {
    async release() {
      if (isHeld) await file.close();
      isHeld = false;
    },
  };
};

/** A lock counts only on the file that is at the path now: whoever held it before may have removed it. */
async function isThere(file: FileHandle, path: string): Promise<boolean> {
  const [mine, now] = await Promise.all([file.stat(), stat(path).catch(() => null)]);
  return now?.ino === mine.ino && now.dev === mine.dev;
}

/**
 * Waits up to `waitMs`, 0 for not at all. Null: somebody else holds it. Throws AppError `checkout.failed` where there is no
 * `flock`. The file is made where it is not there.
 */
export async function takeLock(path: string, { waitMs }: { waitMs: number }): Promise<Lock | null> {
  for (;;) {
    const file = await open(path, 'a', 0o600);
    const how = waitMs === 0 ? ['--nonblock'] : ['--wait', String(waitMs / 1000)];
    const argv = ['flock', '--exclusive', ...how, '--conflict-exit-code', String(busyCode), '3'] as const;
    const { code, stderr } = await runProgram([...argv], { files: [file.fd], timeoutMs: waitMs + 10_000 });
    if (code === 0 && (await isThere(file, path))) return toLock(file);
    await file.close();
    if (code === busyCode) return null;
    if (code !== 0) throw noLock(stderr);
  }
}

const noLock = (stderr: string) =>
  new AppError({
    code: 'checkout.failed',
    message: 'a lock cannot be taken; flock is missing or failed: apt-get install util-linux',
    detail: stderr,
  });
