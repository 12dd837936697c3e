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

  find(filter: RecordFilter): Promise<RecordPage> {
    return findRecords(this.#deps.sql, filter, this.#deps.now());
  }
}
