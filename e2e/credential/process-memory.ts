/** What running processes hold: their environment, arguments and memory. Linux only; the caller may trace them. */
import { open, readdir, readFile } from 'node:fs/promises';

/** Mappings above this are files or reserved room, in bytes. */
const maxMapping = 256 * 1024 * 1024;

/** Which of `texts` occur in the environment, the arguments or the writable memory of each process that has `mark` in its environment. */
export async function findInProcesses(
  mark: string,
  texts: readonly string[],
): Promise<{ pid: number; name: string; found: string[] }[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map((pid) => lookInto(pid, mark, texts).catch(() => null)));
  return found.filter((each) => each !== null);
}

/** Null for another process, or one that is gone. */
async function lookInto(pid: number, mark: string, texts: readonly string[]) {
  const environ = await readFile(`/proc/${pid}/environ`);
  if (!environ.includes(mark)) return null;
  const name = (await readFile(`/proc/${pid}/comm`, 'utf8')).trim();
  const parts = [environ, await readFile(`/proc/${pid}/cmdline`), ...(await memoryOf(pid))];
  return { pid, name, found: texts.filter((text) => parts.some((part) => part.includes(text))) };
}

async function memoryOf(pid: number): Promise<Buffer[]> {
  const lines = (await readFile(`/proc/${pid}/maps`, 'utf8')).split('\n');
  const memory = await open(`/proc/${pid}/mem`, 'r');
  try {
    const parts: Buffer[] = [];
    for (const line of lines) {
      const [, from = '0', to = '0'] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
      const length = Number.parseInt(to, 16) - Number.parseInt(from, 16);
      if (length === 0 || length > maxMapping) continue;
      const read = await memory.read(Buffer.alloc(length), 0, length, Number.parseInt(from, 16)).catch(() => null);
      if (read) parts.push(read.buffer.subarray(0, read.bytesRead));
    }
    return parts;
  } finally {
    await memory.close();
  }
}
