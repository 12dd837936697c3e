/** The sentences about what a checkout left out or made harmless; bounded as the event wants them. */
import { type BytePath, show, visible } from './byte-path.ts';

const maxNotes = 20;
const maxChars = 400;
const maxNames = 5;

/** `2 files: a, b` — at most five names, then how many more. */
export function list(noun: string, paths: readonly BytePath[]): string {
  const names = [...paths].sort().slice(0, maxNames).map(show).join(', ');
  const more = paths.length > maxNames ? ` and ${paths.length - maxNames} more` : '';
  return `${paths.length} ${paths.length === 1 ? noun : plural(noun)}: ${names}${more}`;
}

const plural = (noun: string) => (noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`);

export const bound = (notes: readonly string[]): string[] =>
  notes
    .slice(0, maxNotes)
    .map(visible)
    .map((note) => (note.length > maxChars ? `${note.slice(0, maxChars - 1)}…` : note));
