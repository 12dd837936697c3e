/** Checks every stored log: its rows against each other, its head, and its anchors. */
import { createHash } from 'node:crypto';
import type { Sql } from '#db/client.ts';
import { readAnchors } from './anchor.ts';
import { type BadRow, type ChainWitness, type HashedRow, verifyChain } from './chain.ts';

const pageRows = 1_000;

export type VerifyResult =
  | {
      ok: true;
      /** Rows checked, of all chains. */
      rows: number;
      /** sha256 (hex) over all chains and their heads, in order of chain: one value to note down. */
      head: string;
    }
  | { ok: false; firstBad: BadRow };

/**
 * Checks all chains in order of their ids and stops at the first bad one. `anchorFile` may be absent: then a cut end
 * shows only where the session's own head still knows of it.
 */
export async function verifyLog({ sql, anchorFile }: { sql: Sql; anchorFile: string }): Promise<VerifyResult> {
  const anchors = await collectAnchors(anchorFile);
  // One state of the database, whatever is written meanwhile: a head and its rows belong together.
  return sql.begin('isolation level repeatable read read only', (at) =>
    verifyChains(at as unknown as Sql, anchors),
  ) as Promise<VerifyResult>;
}

async function verifyChains(sql: Sql, anchors: Map<string, Map<number, string>>): Promise<VerifyResult> {
  const total = createHash('sha256');
  let rows = 0;
  for (const chain of await findChains(sql, [...anchors.keys()])) {
    const head = await readHead(sql, chain);
    const witness: ChainWitness = { head, anchors: anchors.get(chain) ?? new Map() };
    const result = await verifyChain(chain, readRows(sql, chain), witness);
    if (!result.ok) return { ok: false, firstBad: result.firstBad };
    rows += result.rows;
    total.update(`${chain} ${result.head}\n`);
  }
  return { ok: true, rows, head: total.digest('hex') };
}

/** Hash by seq by chain. Two anchors that contradict each other become one that nothing matches: a fork. */
async function collectAnchors(file: string): Promise<Map<string, Map<number, string>>> {
  const chains = new Map<string, Map<number, string>>();
  for await (const { chain, seq, hash } of readAnchors(file)) {
    const anchors = chains.get(chain) ?? new Map<number, string>();
    chains.set(chain, anchors);
    const other = anchors.get(seq);
    anchors.set(seq, other === undefined || other === hash ? hash : 'contradicted');
  }
  return chains;
}

/** Chains known from a session, from events or from an anchor: none of the three can hide one. */
async function findChains(sql: Sql, anchored: string[]): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select id from sessions union select distinct session_id from events union select unnest(${anchored}::text[])
    order by id`;
  return rows.map((row) => row.id);
}

async function readHead(sql: Sql, chain: string): Promise<ChainWitness['head']> {
  const [row] = await sql<{ seq: number; hash: Uint8Array }[]>`
    select last_seq as seq, head_hash as hash from sessions where id = ${chain}`;
  return row ?? null;
}

interface Row extends Omit<HashedRow, 'at'> {
  at: Date;
}

async function* readRows(sql: Sql, chain: string): AsyncGenerator<HashedRow> {
  for (let after = 0; ; ) {
    const page = await sql<Row[]>`
      select session_id as "sessionId", seq, type, version, at, principal, dedupe_key as "dedupeKey", payload, hash
      from events where session_id = ${chain} and seq > ${after} order by seq limit ${pageRows}`;
    for (const row of page) yield { ...row, at: row.at.toISOString() };
    after = page.at(-1)?.seq ?? after;
    if (page.length < pageRows) return;
  }
}
