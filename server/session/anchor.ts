/** The heads of the logs, written to a file beside the database once a minute, so that a rewritten log shows. */
import { createReadStream } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import type { Sql } from '#db/client.ts';

/** Where a server with this home keeps its anchors. */
export const anchorFileOf = (home: string): string => join(home, 'anchors.jsonl');

const intervalMs = 60_000;
/** Some 7,000 lines; what is read from here on may begin with half a line. */
const tailBytes = 1024 * 1024;
/** Heads of the time around the last line are written again at start: a crash may have come before their turn. */
const overlapMs = 2 * intervalMs;

const anchorSchema = z.object({
  /** ISO 8601 UTC. */
  at: z.iso.datetime(),
  chain: z.string(),
  seq: z.number().int().min(1),
  /** Hex. */
  hash: z.string(),
});

/** One line of the file. */
export type Anchor = z.infer<typeof anchorSchema>;

/** The newest seq and hash (hex) of a chain. */
export type ChainHead = Pick<Anchor, 'chain' | 'seq' | 'hash'>;

export interface AnchorOptions {
  /** Append-only json lines, 0600, outside the database's folder. */
  file: string;
  sql: Sql;
  /** The log whose heads are kept. */
  source: { takeChangedHeads(): ChainHead[] };
  clock: { now(): number };
  log(line: string): void;
}

export interface Anchors {
  /** Writes what a crash may have left out, then whatever changed, every 60 s. */
  start(): Promise<void>;
  /** Writes the changed heads now; resolves with their number when they are on disk. */
  write(): Promise<number>;
  /** Stops the timer and writes a last time. */
  stop(): Promise<void>;
}

export function openAnchors({ file, sql, source, clock, log }: AnchorOptions): Anchors {
  let timer: NodeJS.Timeout | null = null;
  let last: Promise<unknown> = Promise.resolve();
  /** Kept until they are on disk, by chain. */
  const pending = new Map<string, ChainHead>();

  async function writePending(): Promise<number> {
    for (const head of source.takeChangedHeads()) pending.set(head.chain, head);
    const heads = [...pending.values()];
    if (heads.length === 0) return 0;
    const at = new Date(clock.now()).toISOString();
    await appendAnchors(
      file,
      heads.map(({ chain, seq, hash }) => ({ at, chain, seq, hash })),
    );
    pending.clear();
    return heads.length;
  }

  /** One write at a time; one that failed does not keep the next from trying. */
  function write(): Promise<number> {
    const next = last.then(writePending, writePending);
    last = next;
    return next;
  }

  return {
    write,
    async start() {
      for (const head of await readHeadsSince(sql, (await newestAnchorAt(file)) - overlapMs))
        pending.set(head.chain, head);
      await write();
      timer = setInterval(() => {
        write().catch((error: unknown) => log(`anchors: ${String(error)}`));
      }, intervalMs).unref();
    },
    async stop() {
      if (timer) clearInterval(timer);
      await write();
    },
  };
}

/** One write, one fsync. It begins with a line feed, so that a line torn by an earlier crash spoils no other. */
async function appendAnchors(file: string, anchors: Anchor[]): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const handle = await open(file, 'a', 0o600);
  try {
    await handle.appendFile(anchors.map((anchor) => `\n${JSON.stringify(anchor)}`).join(''));
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readHeadsSince(sql: Sql, time: number): Promise<ChainHead[]> {
  return sql<ChainHead[]>`
    select id as chain, last_seq as seq, encode(head_hash, 'hex') as hash from sessions
    where last_seq > 0 and (updated_at >= ${new Date(time)} or attention is null)`;
}

/** When the last line was written, in ms; 0 without a file. Only the end is read: the file grows for ever. */
async function newestAnchorAt(file: string): Promise<number> {
  const size = await stat(file).then(
    (found) => found.size,
    (cause: unknown) => {
      if (isMissing(cause)) return 0;
      throw cause;
    },
  );
  let newest = 0;
  for await (const { at } of readAnchors(file, Math.max(0, size - tailBytes)))
    newest = Math.max(newest, Date.parse(at));
  return newest;
}

/** The anchors in the file from a byte on, oldest first; none when there is no file. A torn line is no anchor. */
export async function* readAnchors(file: string, start = 0): AsyncGenerator<Anchor> {
  const input = createReadStream(file, { start });
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      const anchor = parseAnchor(line);
      if (anchor) yield anchor;
    }
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
  }
}

const isMissing = (cause: unknown): boolean => cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';

function parseAnchor(line: string): Anchor | null {
  if (line === '') return null;
  try {
    return anchorSchema.parse(JSON.parse(line));
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof z.ZodError) return null;
    throw cause;
  }
}
