/**
 * The runner's outbox: every event stays in memory and in its file until the server acked it, and the file outlives the
 * runner. It is handed on while it is being written: what a runner that is killed takes along was either received by the
 * server or told to nobody. Knows no transport. One file per session, continued by each new runner of that session.
 * docs/adr/011-journal-sync.md
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

/** How long an event that can wait does, in ms. */
const lingerMs = 5;
/** Acks are written together, and an event that is not acked by then is synced, in ms. */
const ackMs = 50;
const syncMs = 1_000;

/** The newest numbers of a runner that was killed may be in the server's log and not in its file: they are not used again. */
const skipped = 1_000_000;

type Line = { journal: string; last: number } | JournalEvent | { acked: number };

interface Loaded {
  id: string;
  acked: number;
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

/** A torn last line is dropped. Throws SyntaxError on any other. */
function parse(text: string): Loaded | null {
  let id = '';
  let last = 0;
  let acked = 0;
  const events: JournalEvent[] = [];
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  for (const raw of whole.split('\n')) {
    if (raw === '') continue;
    const line = JSON.parse(raw) as Line;
    if ('journal' in line) {
      id = line.journal;
      last = line.last;
    }
    if ('acked' in line) acked = Math.max(acked, line.acked);
    if (!('n' in line)) continue;
    events.push(line);
    last = Math.max(last, line.n);
  }
  if (id === '') return null;
  return {
    id,
    acked,
    waiting: events.filter((event) => event.n > acked),
    last: Math.max(last, acked) + skipped,
    sizeBytes: Buffer.byteLength(whole),
  };
}

export interface JournalOptions {
  path: string;
  /** There are events that were not handed on; called at once, in the turn of the event loop that added them. */
  onAdded: () => void;
  /** The disk refuses: the runner must not go on. Called once, and `onAdded` not any more. */
  onFailed: (cause: unknown) => void;
}

export class Journal {
  readonly id: string;
  #waiting: JournalEvent[];
  #last: number;
  #acked: number;
  #unwritten: JournalEvent[] = [];
  #flush: Promise<void> | null = null;
  #sync: Promise<void> | null = null;
  /** Number of the newest event that is in the file, and of the newest that the disk has for certain. */
  #written: number;
  #synced: number;
  #timers: Partial<Record<'linger' | 'ack' | 'sync', NodeJS.Timeout>> = {};
  #isFailed = false;
  #sizeBytes: number;
  #file: FileHandle;
  readonly #options: JournalOptions;

  private constructor(options: JournalOptions, file: FileHandle, loaded: Loaded) {
    this.id = loaded.id;
    this.#waiting = loaded.waiting;
    this.#last = loaded.last;
    this.#acked = loaded.acked;
    this.#written = loaded.last;
    this.#synced = loaded.last;
    this.#sizeBytes = loaded.sizeBytes;
    this.#file = file;
    this.#options = options;
  }

  /** Opens or continues the journal at `path`. */
  static async open(options: JournalOptions): Promise<Journal> {
    const fresh = { id: randomBytes(8).toString('hex'), acked: 0, waiting: [], last: 0, sizeBytes: 0 };
    const loaded = (await load(options.path)) ?? fresh;
    const file = await rewrite(options.path, loaded);
    return new Journal(options, file, loaded);
  }

  /** Events that no ack covers yet, oldest first, whether in the file or not. */
  get waiting(): readonly JournalEvent[] {
    return this.#waiting;
  }

  /**
   * Numbers the event and hands it on. One that can wait goes with the next that cannot, or after a moment: facts that come
   * together are sent and committed together.
   */
  add(event: JournalEvent['event'], canWait = false): void {
    const entry = { n: ++this.#last, event };
    this.#waiting.push(entry);
    this.#unwritten.push(entry);
    if (canWait) this.#after('linger', lingerMs, () => this.#handOn());
    else this.#handOn();
  }

  /** Everything up to `n` is committed by the server. Idempotent. */
  ack(n: number): void {
    if (n <= this.#acked) return;
    this.#acked = n;
    this.#waiting = this.#waiting.filter((event) => event.n > n);
    this.#after('ack', ackMs, () => this.#flushNow());
  }

  /** Resolves when everything added so far is acked or on disk, and handed on. */
  async settled(): Promise<void> {
    if (this.#timers.linger) this.#handOn();
    if (this.#timers.ack) this.#flushNow();
    await this.#syncNow();
  }

  async close(): Promise<void> {
    await this.settled();
    this.#clear('sync');
    await this.#file.close();
  }

  #after(timer: 'linger' | 'ack' | 'sync', ms: number, work: () => void): void {
    this.#timers[timer] ??= setTimeout(() => {
      this.#clear(timer);
      work();
    }, ms);
  }

  #clear(timer: 'linger' | 'ack' | 'sync'): void {
    clearTimeout(this.#timers[timer]);
    delete this.#timers[timer];
  }

  #handOn(): void {
    this.#clear('linger');
    if (!this.#isFailed) this.#options.onAdded();
    this.#flushNow();
  }

  #flushNow(): void {
    this.#clear('ack');
    this.#flush ??= this.#write()
      .catch((cause: unknown) => this.#fail(cause))
      .finally(() => {
        this.#flush = null;
      });
  }

  async #write(): Promise<void> {
    let acked = 0;
    // An ack that arrives while an event is being written has to follow, though nothing else does.
    do {
      const batch = this.#unwritten.splice(0);
      acked = this.#acked;
      const lines = [...batch, { acked }].map((line) => `${JSON.stringify(line)}\n`).join('');
      await this.#file.appendFile(lines);
      this.#written = batch.at(-1)?.n ?? this.#written;
      this.#sizeBytes += Buffer.byteLength(lines);
      if (batch.length > 0) this.#after('sync', syncMs, () => void this.#syncNow());
      if (this.#sizeBytes > compactBytes) await this.#compact();
    } while (this.#unwritten.length > 0 || this.#acked > acked);
  }

  /** Once all is written. Where the server has everything the disk need not. */
  async #syncNow(): Promise<void> {
    const isNeeded = () => Math.max(this.#synced, this.#acked) < this.#written && !this.#isFailed;
    while (this.#flush) await this.#flush;
    while (this.#sync || isNeeded()) {
      this.#sync ??= this.#syncOnce();
      await this.#sync;
    }
  }

  async #syncOnce(): Promise<void> {
    const upTo = this.#written;
    try {
      await this.#file.datasync();
      this.#synced = upTo;
    } catch (cause) {
      this.#fail(cause);
    } finally {
      this.#sync = null;
    }
  }

  #fail(cause: unknown): void {
    if (this.#isFailed) return;
    this.#isFailed = true;
    this.#options.onFailed(cause);
  }

  async #compact(): Promise<void> {
    await this.#sync;
    const unwritten = new Set(this.#unwritten);
    const kept = this.#waiting.filter((event) => !unwritten.has(event));
    const written = this.#last - unwritten.size;
    await this.#file.close();
    this.#file = await rewrite(this.#options.path, { id: this.id, acked: this.#acked, waiting: kept, last: written });
    this.#synced = written;
    this.#sizeBytes = (await this.#file.stat()).size;
  }
}

/** Writes a fresh journal beside the old one and swaps it in; returns it opened for appending. */
async function rewrite(path: string, { id, acked, waiting, last }: Omit<Loaded, 'sizeBytes'>): Promise<FileHandle> {
  const next = `${path}.next`;
  await rm(next, { force: true });
  const lines = [{ journal: id, last }, { acked }, ...waiting].map((line) => `${JSON.stringify(line)}\n`).join('');
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
