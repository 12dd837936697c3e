/**
 * The runner's durable outbox: every event is on disk before it is sent and stays until the server acked it.
 * Knows no transport. One file per session, continued by each new runner of that session.
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { EventType } from '#protocol/event.ts';

export interface JournalEvent {
  /** Counts up from 1 within one journal. */
  n: number;
  event: { type: EventType; payload: unknown };
}

/** Acked entries are dropped from the file once it is larger than this, in bytes. */
const compactBytes = 1024 * 1024;

type Line = { journal: string } | JournalEvent | { acked: number };

interface Loaded {
  id: string;
  waiting: JournalEvent[];
  last: number;
  sizeBytes: number;
}

/**
 * Reads what a predecessor left; null where there is nothing. A file that the disk damaged is put aside: its numbers
 * cannot be trusted, so a new journal begins.
 */
async function load(path: string): Promise<Loaded | null> {
  try {
    return parse(await readFile(path, 'utf8'));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    if (!(cause instanceof SyntaxError)) throw cause;
    await rename(path, `${path}.damaged`);
    return null;
  }
}

/** A torn last line was never sent, so it is dropped; its number is used again. Throws SyntaxError on any other. */
function parse(text: string): Loaded | null {
  let id = '';
  let last = 0;
  let acked = 0;
  const events: JournalEvent[] = [];
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  for (const raw of whole.split('\n')) {
    if (raw === '') continue;
    const line = JSON.parse(raw) as Line;
    if ('journal' in line) id = line.journal;
    else if ('acked' in line) acked = Math.max(acked, line.acked);
    else events.push(line);
    if ('n' in line) last = line.n;
  }
  if (id === '') return null;
  return {
    id,
    waiting: events.filter((event) => event.n > acked),
    last: Math.max(last, acked),
    sizeBytes: Buffer.byteLength(whole),
  };
}

export class Journal {
  readonly id: string;
  #waiting: JournalEvent[];
  #last: number;
  #acked = 0;
  #unwritten: JournalEvent[] = [];
  #writing: JournalEvent[] = [];
  #flush: Promise<void> | null = null;
  #sizeBytes: number;
  #file: FileHandle;
  readonly #path: string;
  readonly #onDurable: (events: JournalEvent[]) => void;
  readonly #onFailed: (cause: unknown) => void;

  private constructor(options: {
    path: string;
    file: FileHandle;
    loaded: Loaded;
    onDurable: (events: JournalEvent[]) => void;
    onFailed: (cause: unknown) => void;
  }) {
    this.id = options.loaded.id;
    this.#waiting = options.loaded.waiting;
    this.#last = options.loaded.last;
    this.#sizeBytes = options.loaded.sizeBytes;
    this.#path = options.path;
    this.#file = options.file;
    this.#onDurable = options.onDurable;
    this.#onFailed = options.onFailed;
  }

  /**
   * Opens or continues the journal at `path`. `onDurable` gets each event once it is on disk, in order of `n`;
   * `onFailed` is called when the disk refuses, after which the runner must not go on.
   */
  static async open(options: {
    path: string;
    onDurable: (events: JournalEvent[]) => void;
    onFailed: (cause: unknown) => void;
  }): Promise<Journal> {
    const loaded = (await load(options.path)) ?? {
      id: randomBytes(8).toString('hex'),
      waiting: [],
      last: 0,
      sizeBytes: 0,
    };
    const file = await rewrite(options.path, loaded.id, loaded.waiting, loaded.last);
    return new Journal({ ...options, file, loaded });
  }

  /** Events that no ack covers yet, oldest first, whether on disk or not. */
  get waiting(): readonly JournalEvent[] {
    return this.#waiting;
  }

  /** The waiting events that are on disk: only these may be sent. */
  get durable(): readonly JournalEvent[] {
    const first = this.#writing[0] ?? this.#unwritten[0];
    return first ? this.#waiting.filter((event) => event.n < first.n) : this.#waiting;
  }

  /** Numbers the event and returns at once; it is handed to `onDurable` after its fsync. */
  add(event: JournalEvent['event']): void {
    const entry = { n: ++this.#last, event };
    this.#waiting.push(entry);
    this.#unwritten.push(entry);
    this.#flush ??= this.#write().catch(this.#onFailed);
  }

  /** Everything up to `n` is committed by the server. Idempotent. */
  ack(n: number): void {
    if (n <= this.#acked) return;
    this.#acked = n;
    this.#waiting = this.#waiting.filter((event) => event.n > n);
    this.#flush ??= this.#write().catch(this.#onFailed);
  }

  /** Resolves when everything added so far is on disk. */
  async settled(): Promise<void> {
    while (this.#flush) await this.#flush;
  }

  async close(): Promise<void> {
    await this.settled();
    await this.#file.close();
  }

  async #write(): Promise<void> {
    try {
      let acked = 0;
      // An ack that arrives while its event is being written has to follow, though nothing else does.
      do {
        const batch = this.#unwritten.splice(0);
        this.#writing = batch;
        acked = this.#acked;
        const lines = [...batch, { acked }].map((line) => `${JSON.stringify(line)}\n`).join('');
        await this.#file.appendFile(lines);
        if (batch.length > 0) {
          await this.#file.datasync();
          this.#writing = [];
          this.#onDurable(batch);
        }
        this.#sizeBytes += Buffer.byteLength(lines);
        if (this.#sizeBytes > compactBytes) await this.#compact();
      } while (this.#unwritten.length > 0 || this.#acked > acked);
    } finally {
      this.#flush = null;
    }
  }

  async #compact(): Promise<void> {
    const unwritten = new Set(this.#unwritten);
    const kept = this.#waiting.filter((event) => !unwritten.has(event));
    const written = this.#last - unwritten.size;
    await this.#file.close();
    this.#file = await rewrite(this.#path, this.id, kept, written);
    this.#sizeBytes = (await this.#file.stat()).size;
  }
}

/** Writes a fresh journal beside the old one and swaps it in; returns it opened for appending. */
async function rewrite(path: string, id: string, waiting: JournalEvent[], last: number): Promise<FileHandle> {
  const next = `${path}.next`;
  await rm(next, { force: true });
  const acked = waiting[0] ? waiting[0].n - 1 : last;
  const lines = [{ journal: id }, { acked }, ...waiting].map((line) => `${JSON.stringify(line)}\n`).join('');
  const file = await open(next, 'a', 0o600);
  await file.appendFile(lines);
  await file.datasync();
  await rename(next, path);
  await syncFolder(dirname(path));
  return file;
}

/** Without it a power cut could bring the old file back, while newer events were written to the new one only. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
