/** The last line of a screen that says something. */

/** Whole: rows that are full to `cols` go on in the next one. */
export function lastLine(rows: readonly string[], cols: number): string {
  const last = rows.findLastIndex((row) => row.trim() !== '');
  let first = last;
  while (first > 0 && rows[first - 1]?.length === cols) first--;
  return rows
    .slice(Math.max(0, first), last + 1)
    .join('')
    .trim();
}
