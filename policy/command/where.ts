/** Folders that a shell may stand in while a script runs. */
import { resolvePath } from '../path.ts';
import type { Collector } from './collector.ts';
import type { Word } from './word.ts';

/** Null: not known. */
export type Cwds = readonly string[] | null;

/** More folders than these are as good as any. */
const most = 4;
/** Names in the path of one: deeper ones are not looked at. */
const deepest = 100;

export interface Where {
  /** After a statement, however it ended. */
  after: Cwds;
  /** After it succeeded; some of `after`. */
  success: Cwds;
}

/** It does not move. */
export const stay = (cwds: Cwds): Where => ({ after: cwds, success: cwds });

export const either = (one: Cwds, other: Cwds): Cwds => {
  if (one === null || other === null) return null;
  const all = [...new Set([...one, ...other])];
  return all.length > most ? null : all;
};

export const isSame = (one: Cwds, other: Cwds): boolean =>
  one !== null && other !== null && one.length === other.length && one.every((cwd) => other.includes(cwd));

/** `cd` with these words. */
export function enter(args: readonly Word[], cwds: Cwds, collector: Collector): Where {
  const [target, more] = args;
  // Where it was before is not remembered.
  if (!more && target?.kind === 'literal' && target.text === '-') return stay(null);
  if (more || target?.text.startsWith('-')) {
    collector.unclear('where cd leads is not known');
    return stay(null);
  }
  if (target) collector.path(target, 'list', cwds);
  const success = targetOf(target, cwds, collector.place.home);
  return { after: either(cwds, success), success };
}

function targetOf(target: Word | undefined, cwds: Cwds, home: string): Cwds {
  if (!target) return [home];
  if (cwds?.some((cwd) => cwd.split('/').length > deepest)) return null;
  if (target.kind !== 'literal' || (cwds === null && !target.text.startsWith('/'))) return null;
  return (cwds ?? ['/']).map((cwd) => resolvePath(cwd, target.text));
}
