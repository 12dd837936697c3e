/** What an action is to the letter, and what it would touch, as one hash each. Pure. */
import { createHash } from 'node:crypto';
import type { ActionFacts } from '#protocol/action-facts.ts';
import type { EventPayload } from '#protocol/event.ts';

type Subject = Pick<EventPayload<'action.requested'>, 'tool' | 'command' | 'paths' | 'cwd'> & {
  /** Of anything but a command it is part of the bytes. */
  input?: { digest: string } | null | undefined;
};

/** The same tool on the same bytes in the same folder: sha256, hex. */
export const subjectOf = ({ tool, command, paths, cwd, input }: Subject): string => {
  const bytes = command === null ? [paths, ...(input ? [input.digest] : [])] : [[]];
  return createHash('sha256')
    .update(JSON.stringify([tool, command, ...bytes, cwd]))
    .digest('hex');
};

/** The same effects on the same real paths, and the same hosts, in whatever order: sha256, hex. Null: not known. */
export const touchedOf = (facts: ActionFacts | null): string =>
  createHash('sha256')
    .update(JSON.stringify(facts && [sorted(facts.paths.map(pathEffect)), sorted(facts.hosts)]))
    .digest('hex');

const pathEffect = ({ effect, real, path }: ActionFacts['paths'][number]): string =>
  real === null ? `${effect} as spelled ${path}` : `${effect} ${real}`;

const sorted = (words: readonly string[]): string[] => [...new Set(words)].sort();
