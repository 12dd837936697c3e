/** The log as an audit: checked, exported, searched. Writes nothing. */
import type { Sql } from '#db/client.ts';
import {
  findRecords,
  type RecordCursor,
  type RecordFilter,
  type RecordPage,
  readRecords,
  type StoredRow,
  type VerifyResult,
  verifyLog,
} from '#server/session/index.ts';
import { type AuditRecord, withAbout } from './about.ts';

export interface AuditDeps {
  sql: Sql;
  /** Heads of the logs, outside of the database. */
  anchorFile: string;
  now: () => number;
}

export class Audit {
  readonly #deps: AuditDeps;
  #running: Promise<VerifyResult> | null = null;

  constructor(deps: AuditDeps) {
    this.#deps = deps;
  }

  /** Reads everything; who asks meanwhile gets the same answer. */
  verify(): Promise<VerifyResult> {
    const { sql, anchorFile } = this.#deps;
    this.#running ??= verifyLog({ sql, anchorFile }).finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  read(after: RecordCursor | null, limit: number): Promise<StoredRow[]> {
    return readRecords(this.#deps.sql, after, limit);
  }

  /** Each with what it is about. Throws `input.invalid` on a bad `before`. */
  async find(filter: RecordFilter): Promise<{ records: AuditRecord[]; next: RecordPage['next'] }> {
    const { sql, now } = this.#deps;
    const { records, next } = await findRecords(sql, filter, now());
    return { records: await withAbout(sql, records), next };
  }
}
