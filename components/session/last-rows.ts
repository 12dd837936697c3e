/** The end of a timeline, as a look into a session shows it. Pure. */
import type { Row } from './timeline-row.ts';

/** Lines of a plain row that are shown: what was said and done counts more. */
const maxPlain = 2;
const asides = new Set<Row['kind']>(['day', 'turn', 'handover']);

/** The newest `count` rows that say something; of plain ones the newest lines. */
export const lastRows = (rows: readonly Row[], count: number): Row[] =>
  rows
    .filter(
      (row) => !asides.has(row.kind) && !(row.kind === 'end' && row.status === 'completed' && row.files.length === 0),
    )
    .slice(-count)
    .map((row) => (row.kind === 'plain' ? { ...row, events: row.events.slice(-maxPlain) } : row));
