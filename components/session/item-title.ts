/** How the line of an item reads: a verb and what it is used on. Pure. */
import { capitalise, formatDuration } from '#components/ui/format.ts';
import type { ItemRow } from './timeline-row.ts';

export interface ItemTitle {
  verb: string;
  subject: string;
  /** The subject is a command or a path. */
  isCode: boolean;
}

/** Shorter than this, ms, a duration says nothing. */
const worthMs = 1_000;

/** How long it took, where that is worth saying. */
export function itemDuration({ at, end }: ItemRow): string | null {
  const ms = end === null ? 0 : Date.parse(end.at) - Date.parse(at);
  return ms < worthMs ? null : formatDuration(ms);
}

export function itemTitle(row: ItemRow): ItemTitle {
  const { kind, title, command, path } = row.item;
  const [first = '', ...rest] = title.split(' ');
  const oneLine = (text: string) => text.replace(/\s*\n\s*/g, ' ↵ ');
  switch (kind) {
    case 'reasoning': {
      const took = itemDuration(row);
      return { verb: row.end ? 'Thought' : 'Thinking', subject: took === null ? '' : `for ${took}`, isCode: false };
    }
    case 'command':
      return { verb: 'Run', subject: oneLine(command ?? rest.join(' ')), isCode: true };
    case 'edit':
      return { verb: 'Edit', subject: path ?? rest.join(' '), isCode: true };
    case 'message':
    case 'notice':
      return { verb: '', subject: title, isCode: false };
    case 'tool':
      return { verb: capitalise(first) || 'Tool', subject: oneLine(command ?? path ?? rest.join(' ')), isCode: true };
  }
}
