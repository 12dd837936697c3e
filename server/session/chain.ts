/** The hash chain of one log: canonical form, hash of a row, and what a check of stored rows finds. No I/O. */
import { createHash } from 'node:crypto';
import { AppError } from '#protocol/error.ts';

/** What a row's hash covers. `at` is ISO 8601 UTC with milliseconds. */
export interface ChainRow {
  sessionId: string;
  seq: number;
  type: string;
  version: number;
  at: string;
  principal: string;
  dedupeKey: string;
  /** As stored: neither upcast nor re-parsed. */
  payload: unknown;
}

export interface HashedRow extends ChainRow {
  hash: Uint8Array;
}

/** The hash "before" the first row. */
export const zeroHash: Uint8Array = new Uint8Array(32);

/** sha256(previous hash ‖ canonical json of the row), 32 bytes. Throws `event.unstorable` as `canonicalJson` does. */
export function hashRow(previous: Uint8Array, row: ChainRow): Uint8Array {
  const { sessionId, seq, type, version, at, principal, dedupeKey, payload } = row;
  const text = canonicalJson({ sessionId, seq, type, version, at, principal, dedupeKey, payload });
  return createHash('sha256').update(previous).update(text).digest();
}

/** How JSON.stringify writes NUL and lone surrogates; text that spells such an escape out matches as well. */
const suspicious = /\\u0000|\\ud[89a-f]/;

/**
 * Json with sorted keys and without undefined: the same text before and after a jsonb column.
 * Throws `event.unstorable` for what jsonb cannot hold: NUL, lone surrogates, numbers that are not finite.
 */
export function canonicalJson(value: unknown): string {
  const text = write(value);
  if (suspicious.test(text)) checkText(JSON.parse(text));
  return text;
}

function write(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => write(item ?? null)).join(',')}]`;
  if (typeof value !== 'object') throw unstorable(`a ${typeof value}`);
  let text = '';
  for (const key of Object.keys(value).sort()) {
    const item = (value as Record<string, unknown>)[key];
    if (item !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${write(item)}`;
  }
  return `{${text}}`;
}

/** Looks at every key and string of a json value. Throws `event.unstorable`. */
function checkText(value: unknown): void {
  if (typeof value === 'string') storable(value);
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    storable(key);
    checkText(item);
  }
}

/** `text` itself. Throws `event.unstorable` when a text column cannot hold it. */
export function storable(text: string): string {
  if (text.includes('\0')) throw unstorable('a NUL character');
  if (/\p{Surrogate}/u.test(text)) throw unstorable('half of a surrogate pair');
  return text;
}

const unstorable = (what: string): AppError =>
  new AppError({ code: 'event.unstorable', message: `an event cannot hold ${what}` });

export type Fault = 'altered' | 'missing' | 'reordered' | 'truncated' | 'forked';

export interface BadRow {
  chain: string;
  seq: number;
  why: Fault;
}

/** What is known of a chain apart from its rows. */
export interface ChainWitness {
  /** From the sessions table; null when the session's row is gone. */
  head: { seq: number; hash: Uint8Array } | null;
  /** Hash (hex) by seq, from the anchor file. */
  anchors: ReadonlyMap<number, string>;
}

export type ChainResult = { ok: true; rows: number; head: string } | { ok: false; rows: number; firstBad: BadRow };

/**
 * Checks the rows of one chain, given in seq order, against each other and against the witness. The first row that is
 * not right is reported: `altered` its content, `reordered` another row stands in its place, `missing` it is not there,
 * `truncated` the end is not there, `forked` rows agree with each other but not with an anchor or the head.
 */
export async function verifyChain(
  chain: string,
  rows: AsyncIterable<HashedRow> | Iterable<HashedRow>,
  witness: ChainWitness,
): Promise<ChainResult> {
  let previous = zeroHash;
  let seq = 0;
  /** Set at the first row whose hash is wrong; the rows after it tell whether it was moved or changed. */
  let suspect: BadRow | null = null;
  for await (const row of rows) {
    if (suspect) {
      if (equal(hashRow(previous, { ...row, seq: suspect.seq }), row.hash)) {
        return { ok: false, rows: seq, firstBad: { ...suspect, why: 'reordered' } };
      }
      continue;
    }
    if (row.seq !== seq + 1) return { ok: false, rows: seq, firstBad: { chain, seq: seq + 1, why: 'missing' } };
    if (!equal(hashRow(previous, row), row.hash)) {
      suspect = { chain, seq: row.seq, why: 'altered' };
      continue;
    }
    seq = row.seq;
    previous = row.hash;
    const anchor = witness.anchors.get(seq);
    if (anchor !== undefined && anchor !== hex(row.hash)) {
      return { ok: false, rows: seq, firstBad: { chain, seq, why: 'forked' } };
    }
  }
  if (suspect) return { ok: false, rows: seq, firstBad: suspect };
  const why = verifyEnd(seq, previous, witness);
  if (why) return { ok: false, rows: seq, firstBad: { chain, seq: why === 'truncated' ? seq + 1 : seq, why } };
  return { ok: true, rows: seq, head: hex(previous) };
}

function verifyEnd(seq: number, hash: Uint8Array, { head, anchors }: ChainWitness): Fault | null {
  const known = Math.max(head?.seq ?? 0, ...anchors.keys());
  if (known > seq || (head === null && seq === 0)) return 'truncated';
  if (head === null || head.seq !== seq || !equal(head.hash, hash)) return 'forked';
  return null;
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
