/** Puts everything that is sealed in the database under a new secret key. Knows where sealed values are, not what they are for. */
import type { Sql } from '#db/client.ts';
import { serverChain } from '#protocol/id.ts';
import type { Log } from '#server/session/index.ts';
import type { SealAgain, SecretBox } from './box.ts';

/** A column of sealed values. `key`: the table's key, text; `nameOf`: the name that the value of a row is sealed under. */
export interface SealedColumn {
  table: string;
  key: string;
  column: string;
  nameOf: (key: string) => string;
}

export interface Resealed {
  sealed: number;
  /** What no known key opens, as table and key: it stays as it was, and has to be entered again. */
  unreadable: string[];
  /** The key is given in the environment: the next start has to be given the new one alone. */
  isGiven: boolean;
}

export interface RotationDeps {
  sql: Sql;
  log: Log;
  box: SecretBox;
  columns: readonly SealedColumn[];
  isGiven: boolean;
}

export class Rotation {
  readonly #deps: RotationDeps;

  constructor(deps: RotationDeps) {
    this.#deps = deps;
  }

  /** `by` asks for a new secret key. Throws `secret.no-next-key`, `secret.unusable`, `database.unavailable`. */
  rotate(by: string): Promise<Resealed> {
    const { sql, log, box, columns, isGiven } = this.#deps;
    return box.change((again) =>
      sql.begin(async (transaction) => {
        const results = [];
        for (const column of columns) results.push(await sealColumn(transaction, column, again));
        const sealed = results.reduce((sum, result) => sum + result.sealed, 0);
        const unreadable = results.flatMap((result) => result.unreadable);
        const payload = { sealed, unreadable: unreadable.length };
        await log.append(serverChain, [{ type: 'secret.resealed', payload, principal: by }]);
        return { sealed, unreadable, isGiven };
      }),
    );
  }

  /** After a start: a rotation that was cut off comes to its end. */
  async finish(): Promise<void> {
    if (await this.#deps.box.wasCutOff()) await this.rotate('server');
  }
}

async function sealColumn(
  sql: Pick<Sql, 'unsafe'>,
  { table, key, column, nameOf }: SealedColumn,
  again: SealAgain,
): Promise<{ sealed: number; unreadable: string[] }> {
  const rows = await sql.unsafe<{ key: string; value: Uint8Array }[]>(
    `select ${key} as key, ${column} as value from ${table} order by ${key} for update`,
  );
  const unreadable: string[] = [];
  for (const row of rows) {
    const sealed = await again(row.value, nameOf(row.key));
    if (!sealed) unreadable.push(`${table} ${row.key}`);
    else await sql.unsafe(`update ${table} set ${column} = $1 where ${key} = $2`, [sealed, row.key]);
  }
  return { sealed: rows.length - unreadable.length, unreadable };
}
