/** The `recordings` rows of one terminal: adding, bounding, paging. Knows nothing of live terminals. */
import { promisify } from 'node:util';
import { deflate, inflate } from 'node:zlib';
import type { Sql } from '#db/client.ts';
import type { SessionId, TerminalId } from '#protocol/id.ts';
import type { Screen } from './screen.ts';

export interface StoredRow {
  kind: 'raw' | 'screen' | 'gap';
  from: number;
  to: number;
  cols: number;
  rows: number;
  data: Uint8Array;
}

/** A piece of output and the size it was printed for. */
export interface StoredOutput {
  offset: number;
  data: Uint8Array;
  cols: number;
  rows: number;
}

/** One page of older output: draw `screen` (null: an empty one), then the pieces in order. Data is base64. */
export interface RecordingPage {
  screen: { offset: number; cols: number; rows: number; data: string } | null;
  pieces: { kind: 'raw' | 'gap'; from: number; to: number; at: string; cols: number; rows: number; data: string }[];
  /** Pass as `before` for the page before this one; null: nothing older is kept. */
  before: number | null;
}

/** Stored bytes of one terminal, compressed; the oldest rows go first. */
const maxStoredBytes = 64 * 1024 * 1024;
/** What is left of them after the oldest went, so that not every row makes others go. */
const trimmedBytes = Math.floor(maxStoredBytes * 0.9);
/** Raw bytes of one page, about. */
const pageBytes = 512 * 1024;
/** Rows of one page at most; a quiet terminal has small ones. */
const maxPageRows = 400;
/** Raw bytes that are replayed on top of the last screen at most. */
const maxTailBytes = 8 * 1024 * 1024;
const compress = promisify(deflate);
const decompress = promisify(inflate);

export interface RecordingStoreOptions {
  sql: Sql;
  sessionId: SessionId;
  terminalId: TerminalId;
  now: () => number;
}

export class RecordingStore {
  readonly #deps: RecordingStoreOptions;
  #stored: number | null = null;
  constructor(deps: RecordingStoreOptions) {
    this.#deps = deps;
  }

  #screenOf({ from: offset, cols, rows, data }: StoredRow): Screen {
    return { terminalId: this.#deps.terminalId, offset, cols, rows, data, resizes: 0 };
  }

  #blank({ offset, cols, rows }: StoredOutput): Screen {
    return { terminalId: this.#deps.terminalId, offset, cols, rows, data: new Uint8Array(0), resizes: 0 };
  }

  async #storedBytes(): Promise<number> {
    const { sql, terminalId } = this.#deps;
    const [row] =
      await sql`select coalesce(sum(length(data)), 0)::float8 as bytes from recordings where terminal_id = ${terminalId}`;
    return Number(row?.bytes);
  }

  async #bound(): Promise<void> {
    const { sql, terminalId } = this.#deps;
    this.#stored ??= await this.#storedBytes();
    if (this.#stored <= maxStoredBytes) return;
    await sql`
      delete from recordings r using (
        select from_offset, kind, sum(length(data)) over (order by to_offset desc, from_offset desc, kind) as kept
        from recordings where terminal_id = ${terminalId}) k
      where r.terminal_id = ${terminalId} and r.from_offset = k.from_offset and r.kind = k.kind
        and k.kept > ${trimmedBytes}`;
    this.#stored = await this.#storedBytes();
  }

  /**
   * Stores rows; repeating a row is harmless. What a killed server had sent may be committed after this one has looked where
   * the recording ends: of two rows that begin at one offset the longer one stays.
   */
  async add(rows: StoredRow[]): Promise<void> {
    const { sql, sessionId, terminalId } = this.#deps;
    // One statement must not name a key twice; of screens at one offset any will do.
    const distinct = new Map(rows.map((row) => [`${row.kind} ${row.from}`, row]));
    const values = await Promise.all(
      [...distinct.values()].map(async (row) => ({
        terminal_id: terminalId,
        session_id: sessionId,
        from_offset: row.from,
        to_offset: row.to,
        at: new Date(this.#deps.now()),
        kind: row.kind,
        cols: row.cols,
        rows: row.rows,
        data: row.data.length === 0 ? Buffer.alloc(0) : await compress(row.data, { level: 1 }),
      })),
    );
    await sql`insert into recordings ${sql(values)} on conflict (terminal_id, from_offset, kind) do update
      set to_offset = excluded.to_offset, at = excluded.at, cols = excluded.cols, rows = excluded.rows, data = excluded.data
      where recordings.to_offset < excluded.to_offset`;
    this.#stored =
      (this.#stored ?? (await this.#storedBytes())) + values.reduce((sum, row) => sum + row.data.length, 0);
    await this.#bound();
  }

  /** Where the stored output ends; 0 where there is none. */
  async end(): Promise<number> {
    const { sql, terminalId } = this.#deps;
    const [row] = await sql`select coalesce(max(to_offset), 0)::float8 as "end" from recordings
      where terminal_id = ${terminalId} and kind <> 'screen'`;
    return Number(row?.end);
  }

  /** The newest stored screen (null: nothing is stored) and the raw output that follows it without a gap, oldest first. */
  async last(): Promise<{ screen: Screen | null; output: StoredOutput[] }> {
    const { sql, terminalId } = this.#deps;
    const [newest] = await sql`select * from recordings where terminal_id = ${terminalId} and kind = 'screen'
      order by from_offset desc limit 1`;
    const screen = newest ? this.#screenOf(await toRow(newest)) : null;
    const start = screen?.offset ?? 0;
    const after = await sql`select * from recordings where terminal_id = ${terminalId} and kind <> 'screen'
      and to_offset > ${start} and from_offset < ${start + maxTailBytes} order by from_offset`;
    const rows = await Promise.all(after.map(toRow));
    const output = contiguous(rows, screen?.offset ?? rows.find((row) => row.kind === 'raw')?.from ?? 0);
    const [first] = output;
    return { screen: screen ?? (first ? this.#blank(first) : null), output };
  }

  /** The output that ends before `before` (null: the newest), from a screen where one is known. */
  async page(before: number | null): Promise<RecordingPage> {
    const { sql, terminalId } = this.#deps;
    const upTo = before ?? Number.MAX_SAFE_INTEGER;
    const { start, keyframe } = await this.#pageStart(upTo);
    const rows = await sql`select * from recordings where terminal_id = ${terminalId} and kind <> 'screen'
      and to_offset > ${start} and from_offset < ${upTo} order by from_offset`;
    const screen = keyframe ? await toRow(keyframe) : null;
    const pieces = withoutOverlap(await Promise.all(rows.map(toRow)), start, upTo);
    const [older] = await sql`select 1 from recordings where terminal_id = ${terminalId} and kind <> 'screen'
      and from_offset < ${start} limit 1`;
    return {
      screen: screen && { offset: screen.from, cols: screen.cols, rows: screen.rows, data: base64(screen.data) },
      pieces: pieces.map(({ data, ...piece }) => ({
        ...piece,
        kind: piece.kind as 'raw' | 'gap',
        data: base64(data),
      })),
      before: older ? start : null,
    };
  }

  /**
   * Where the page that ends before `upTo` begins: some 512 KiB earlier, at a screen. Nothing is drawn on from a screen
   * across a gap, so a page begins after one at the latest.
   */
  async #pageStart(upTo: number): Promise<{ start: number; keyframe: Record<string, unknown> | null }> {
    const { sql, terminalId } = this.#deps;
    const newest = await sql<{ kind: string; from: number; to: number }[]>`
      select kind, from_offset as "from", to_offset as "to" from recordings
      where terminal_id = ${terminalId} and kind <> 'screen' and from_offset < ${upTo}
      order by from_offset desc limit ${maxPageRows}`;
    const { from, isAfterGap } = pageRows(newest, upTo);
    const [earlier] = isAfterGap
      ? []
      : await sql`select * from recordings where terminal_id = ${terminalId} and kind = 'screen'
          and from_offset <= ${from} order by from_offset desc limit 1`;
    if (earlier) return { start: Number(earlier.from_offset), keyframe: earlier };
    if (from === 0) return { start: 0, keyframe: null };
    const [later] = await sql`select * from recordings where terminal_id = ${terminalId} and kind = 'screen'
      and from_offset >= ${from} and from_offset < ${upTo} order by from_offset limit 1`;
    return later ? { start: Number(later.from_offset), keyframe: later } : { start: from, keyframe: null };
  }
}

/** `newest` first: how far back a page of them goes, and whether a gap ends it there. */
function pageRows(
  newest: readonly { kind: string; from: number; to: number }[],
  upTo: number,
): { from: number; isAfterGap: boolean } {
  let size = 0;
  let from = upTo;
  for (const row of newest) {
    if (row.kind === 'gap' && size > 0) return { from, isAfterGap: true };
    if (size >= pageBytes) break;
    if (row.kind === 'raw') size += Math.min(row.to, upTo) - row.from;
    from = row.from;
  }
  return { from: newest.length === 0 ? 0 : from, isAfterGap: false };
}

const base64 = (data: Uint8Array): string => Buffer.from(data).toString('base64');

/** The part of a row between two offsets: a screen, and so a page, may begin within a row. */
function between<Row extends StoredRow>(row: Row, start: number, end: number): Row {
  const from = Math.max(row.from, start);
  const to = Math.min(row.to, end);
  return { ...row, from, to, data: row.data.subarray(from - row.from, to - row.from) };
}

/** Rows in order of where they begin, cut so that no byte comes twice. */
function withoutOverlap<Row extends StoredRow>(rows: Row[], start: number, upTo: number): Row[] {
  let end = start;
  return rows.flatMap((row) => {
    if (row.to <= end) return [];
    const piece = between(row, end, upTo);
    end = piece.to;
    return [piece];
  });
}

/** The raw rows that follow each other without a gap from `start` on. */
function contiguous(rows: StoredRow[], start: number): StoredOutput[] {
  const output: StoredOutput[] = [];
  let end = start;
  for (const row of rows) {
    if (row.to <= end) continue;
    if (row.kind !== 'raw' || row.from > end) break;
    const { from: offset, data, cols, rows: height } = between(row, end, row.to);
    output.push({ offset, data, cols, rows: height });
    end = row.to;
  }
  return output;
}

async function toRow(row: Record<string, unknown>): Promise<StoredRow & { at: string }> {
  return {
    kind: row.kind as StoredRow['kind'],
    from: Number(row.from_offset),
    to: Number(row.to_offset),
    cols: Number(row.cols),
    rows: Number(row.rows),
    at: (row.at as Date).toISOString(),
    data: (row.data as Buffer).length === 0 ? new Uint8Array(0) : await decompress(row.data as Buffer),
  };
}
