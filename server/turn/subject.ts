/** What an action is to the letter, as one hash: the same tool on the same bytes and paths in the same folder. Pure. */
import { createHash } from 'node:crypto';
import type { EventPayload } from '#protocol/event.ts';

type Subject = Pick<EventPayload<'action.requested'>, 'tool' | 'command' | 'paths' | 'cwd'>;

/** sha256, hex. */
export const subjectOf = ({ tool, command, paths, cwd }: Subject): string =>
  createHash('sha256')
    .update(JSON.stringify([tool, command, command === null ? paths : [], cwd]))
    .digest('hex');
