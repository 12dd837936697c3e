/** Rows in order, each found by its key. What is handed out never changes; rows that do are replaced. Knows no event. */
import type { Row } from './timeline-row.ts';

export class RowList {
  #rows: Row[] = [];
  readonly #at = new Map<string, number>();

  /** A copy: the next changes leave it as it is. */
  copy(): readonly Row[] {
    return [...this.#rows];
  }

  get last(): Row | undefined {
    return this.#rows.at(-1);
  }

  get(key: string): Row | undefined {
    const at = this.#at.get(key);
    return at === undefined ? undefined : this.#rows[at];
  }

  push(row: Row): void {
    this.#at.set(row.key, this.#rows.length);
    this.#rows.push(row);
  }

  /** Puts an item behind everything that is nested in the item `parent`. */
  nest(parent: string, row: Row): void {
    const parentAt = this.#at.get(parent);
    const above = this.get(parent);
    if (parentAt === undefined || above?.kind !== 'item') return this.push(row);
    const isWithin = (each: Row | undefined) => each?.kind === 'item' && each.depth > above.depth;
    let next = parentAt + 1;
    while (isWithin(this.#rows[next])) next++;
    this.#rows.splice(next, 0, row);
    for (const [at, { key }] of this.#rows.slice(next).entries()) this.#at.set(key, next + at);
  }

  /** Replaces the row of this key, if it is of this kind. */
  change<K extends Row['kind']>(
    kind: K,
    key: string,
    change: (row: Row & { kind: K }) => Partial<Row & { kind: K }>,
  ): void {
    const at = this.#at.get(key);
    const row = at === undefined ? undefined : this.#rows[at];
    if (at === undefined || row?.kind !== kind) return;
    this.#rows[at] = { ...row, ...change(row as Row & { kind: K }) } as Row;
  }

  clear(): void {
    this.#rows = [];
    this.#at.clear();
  }
}
