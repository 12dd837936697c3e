/** The newest state of each log, from the database and kept in memory for the logs in use. */
import type { Sql } from '#db/client.ts';
import type { Attention, SessionView } from '#protocol/session-view.ts';

export interface Head {
  /** False: there is no such session yet. */
  exists: boolean;
  /** Seq of the newest event, 0 before the first. */
  seq: number;
  hash: Uint8Array;
  /** Null for the server's own chain, and before the session exists. */
  view: SessionView | null;
  attention: Attention | null;
  /** The list position as stored, in ms since the epoch. */
  listedAt: number;
}

const capacity = 2_000;

/** Heads by session id, least recently used dropped first. A head in here is what this process last committed or read. */
export class HeadCache {
  readonly #heads = new Map<string, Head>();

  get(sessionId: string): Head | undefined {
    return this.#heads.get(sessionId);
  }

  set(sessionId: string, head: Head): void {
    this.#heads.delete(sessionId);
    this.#heads.set(sessionId, head);
    for (const oldest of this.#heads.keys()) {
      if (this.#heads.size <= capacity) return;
      this.#heads.delete(oldest);
    }
  }

  delete(sessionId: string): void {
    this.#heads.delete(sessionId);
  }
}

interface HeadRow {
  id: string;
  last_seq: number;
  head_hash: Uint8Array;
  view: SessionView | null;
  attention: Attention | null;
  updated_at: Date;
}

/** Reads the heads of these sessions; those that do not exist are not in the result. */
export async function loadHeads(sql: Sql, sessionIds: string[]): Promise<Map<string, Head>> {
  const rows = await sql<HeadRow[]>`
    select id, last_seq, head_hash, view, attention, updated_at from sessions where id = any(${sessionIds}::text[])`;
  return new Map(
    rows.map((row) => [
      row.id,
      {
        exists: true,
        seq: row.last_seq,
        hash: row.head_hash,
        view: row.view,
        attention: row.attention,
        listedAt: row.updated_at.getTime(),
      },
    ]),
  );
}
