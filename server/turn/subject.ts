/** What an action is to the letter, as one hash: the same tool on the same bytes in the same folder. Pure. */
import { createHash } from 'node:crypto';
import type { EventPayload } from '#protocol/event.ts';

type Subject = Pick<EventPayload<'action.requested'>, 'tool' | 'command' | 'paths' | 'cwd'> & {
  /** Of anything but a command it is part of the bytes. */
  input?: { digest: string } | null | undefined;
};

/** sha256, hex. */
export const subjectOf = ({ tool, command, paths, cwd, input }: Subject): string => {
  const bytes = command === null ? [paths, ...(input ? [input.digest] : [])] : [[]];
  return createHash('sha256')
    .update(JSON.stringify([tool, command, ...bytes, cwd]))
    .digest('hex');
};
