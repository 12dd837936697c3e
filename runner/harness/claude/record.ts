/** Follows a file of JSON lines that another program appends to. Knows nothing of what the lines mean. */
import { open, stat } from 'node:fs/promises';

/** At most this much is read at once, in bytes. */
const maxRead = 8 * 1024 * 1024;

export class RecordFile {
  readonly #path: string;
  #offset = 0;
  #rest = '';

  private constructor(path: string, offset: number) {
    this.#path = path;
    this.#offset = offset;
  }

  /** The file need not be there yet. */
  static fromBeginning(path: string): RecordFile {
    return new RecordFile(path, 0);
  }

  /** Whatever is in the file by now is passed over. */
  static async fromEnd(path: string): Promise<RecordFile> {
    const size = await stat(path).then(
      (facts) => facts.size,
      () => 0,
    );
    return new RecordFile(path, size);
  }

  /** Whole lines that were added since the last call; those that are no JSON are left out. */
  async read(): Promise<Record<string, unknown>[]> {
    const file = await open(this.#path, 'r').catch(() => null);
    if (!file) return [];
    try {
      const buffer = Buffer.alloc(Math.min(maxRead, Math.max(0, (await file.stat()).size - this.#offset)));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#offset);
      this.#offset += bytesRead;
      const lines = (this.#rest + buffer.toString('latin1', 0, bytesRead)).split('\n');
      this.#rest = lines.pop() ?? '';
      return lines.flatMap(parse);
    } finally {
      await file.close();
    }
  }
}

function parse(line: string): Record<string, unknown>[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(line, 'latin1').toString('utf8'));
    return typeof value === 'object' && value !== null ? [value as Record<string, unknown>] : [];
  } catch {
    return [];
  }
}
