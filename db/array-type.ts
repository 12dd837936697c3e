/** Arrays as Postgres writes them, for the element types we pass. One dimension. */
import type { PostgresType } from 'postgres';

/** `{1,"a \"b\"",NULL}`: https://www.postgresql.org/docs/18/arrays.html#ARRAYS-IO */
const element = /"((?:[^"\\]|\\.)*)"|([^,{}"]+)/gs;

const serialize = (items: readonly unknown[]): string => {
  const texts = items.map((item) => (item === null ? 'NULL' : `"${String(item).replace(/[\\"]/g, '\\$&')}"`));
  return `{${texts.join(',')}}`;
};

function parse<T>(text: string, toItem: (text: string) => T): (T | null)[] {
  return Array.from(text.matchAll(element), ([, quoted, bare]) => {
    if (quoted !== undefined) return toItem(quoted.replace(/\\(.)/gs, '$1'));
    return bare === undefined || bare === 'NULL' ? null : toItem(bare);
  });
}

function arrayType<T>(oid: number, toItem: (text: string) => T): PostgresType<(T | null)[]> {
  return { to: oid, from: [oid], serialize, parse: (text: string) => parse(text, toItem) };
}

/**
 * Stated here, not asked of the database at each connection: the client library does that in a promise nobody handles, so
 * a connection that breaks right then would end the process. Oids: src/include/catalog/pg_type.dat.
 */
export const arrayTypes = {
  smallints: arrayType(1005, Number),
  integers: arrayType(1007, Number),
  texts: arrayType(1009, String),
  bigints: arrayType(1016, Number),
};
