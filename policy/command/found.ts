/** Files that one program finds for another: everything below where it looks. Knows which programs print nothing but their names. */
import { resolvePath } from '../path.ts';
import { type Call, type Found, isOneOf, splitArguments } from './call.ts';
import { readers } from './reader-table.ts';
import type { Word } from './word.ts';

const here: Word = { text: '.', kind: 'literal', source: '.' };
const isPlace = ({ kind, text }: Word): boolean => kind === 'literal' && /^[\w./]/.test(text);

/** Only choose which files are named. */
const conditions =
  /^-(?:type|name|iname|path|ipath|wholename|regex|iregex|size|mtime|mmin|ctime|cmin|atime|newer|newer[aBcm][aBcmt]|maxdepth|mindepth|perm|user|group)$/;
const switches =
  /^(?:-(?:not|o|or|a|and|print|print0|empty|readable|prune|mount|xdev|true|daystart|regextype)|[!(),])$/;

/** `find ROOT … -name x -print0`: what it names, up to what it does with that. Null: it may print something else. */
export function foundByFind(args: readonly Word[]): Found | null {
  const start = args.findIndex(({ text }) => /^[-(!]/.test(text));
  const roots = start < 0 ? args : args.slice(0, start);
  const names: Word[] = [];
  const rest = start < 0 ? [] : args.slice(start);
  for (let at = 0; at < rest.length; at++) {
    const { text = '' } = rest[at] ?? {};
    const value = rest[at + 1];
    if (switches.test(text) && rest[at]?.kind === 'literal') continue;
    if (!conditions.test(text) || value?.kind === 'unknown') return null;
    if (/^-i?name$/.test(text) && value && !/^(?:-not|!)$/.test(rest[at - 1]?.text ?? '')) names.push(value);
    at += 1;
  }
  if (!roots.every(isPlace)) return null;
  const isAll = !rest.some(({ text }) => /^-o/.test(text)) && rest.every(({ text }) => text !== '!' && text !== '-not');
  const isFilesOnly = isAll && rest.some(({ text }, index) => text === 'f' && rest[index - 1]?.text === '-type');
  return { roots: roots.length > 0 ? roots : [here], names, isFilesOnly, isBare: false };
}

/** `git ls-files '*.ts'`: below where it stands. */
function foundByGit([subcommand, ...rest]: readonly Word[]): Found | null {
  const isPlain = rest.every(({ kind, text }) =>
    text.startsWith('-')
      ? /^(?:-[zcmo]+|--(?:cached|modified|others|exclude-standard)?)$/.test(text)
      : kind !== 'unknown' && !/^[:/]|\.\./.test(text),
  );
  const isListing = subcommand?.text === 'ls-files' && isPlain;
  return isListing ? { roots: [here], names: [], isFilesOnly: false, isBare: true } : null;
}

/** `rg -l x src`, `rg --files`, `grep -rl x .`: names of files, alone in their lines. */
function foundBySearch(program: string, args: readonly Word[]): Found | null {
  const reader = program === 'rg' || program === 'grep' ? readers[program] : undefined;
  if (!reader) return null;
  const { options, operands } = splitArguments(args, reader);
  const isKnown = options.every((option) =>
    isOneOf(option, 'lriwEFsgtz0Z', ['files', 'files-with-matches', 'glob', 'type', 'include', 'null']),
  );
  const isNaming = options.some((option) => isOneOf(option, 'l', ['files-with-matches', 'files']));
  const isDeep = program === 'rg' || options.some((option) => isOneOf(option, 'r'));
  const isAll = program === 'rg' && options.some((option) => isOneOf(option, '', ['files']));
  const roots = operands.slice(isAll ? 0 : 1);
  if (!isKnown || !isNaming || !isDeep || !roots.every(isPlace)) return null;
  return { roots: roots.length > 0 ? roots : [here], names: [], isFilesOnly: true, isBare: roots.length === 0 };
}

/** What a command prints, where that is names of files. */
export function foundBy([program, ...args]: readonly Word[]): Found | null {
  if (program?.kind !== 'literal') return null;
  if (program.text === 'find') return foundByFind(args);
  return program.text === 'git' ? foundByGit(args) : foundBySearch(program.text, args);
}

/** Leaves lines out, and changes none: `head -5`, `sort -u`, `grep -v x`. */
export function passesLines([program, ...args]: readonly Word[]): boolean {
  const isFilter = program?.kind === 'literal' && /^(?:head|tail|sort|uniq|grep|egrep)$/.test(program.text);
  const isSearch = /grep$/.test(program?.text ?? '');
  const operands = args.filter(({ kind, text }) => kind === 'unknown' || !/^-|^\d+$/.test(text));
  const isPlain = args.every(
    ({ kind, text }) =>
      kind === 'literal' &&
      (!text.startsWith('-') || /^-(?:[viEFuzrh]+|n?\d+)$/.test(text) || (text === '-n' && !isSearch)),
  );
  return isFilter && isPlain && operands.length === (isSearch ? 1 : 0);
}

/** Names that are looked at below one folder. */
const most = 2_000;

/** A name that a program which splits lines into words takes for several. Null: there is none; or why that is not known. */
function splitBelow(folder: string, { place }: Call['collector']): string | null {
  const open = [place.files.resolve(folder)];
  let looked = 0;
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const name of place.files.list(at)) {
      if (++looked > most) return `${folder} holds too many files to look at each`;
      const path = resolvePath(at, name);
      if (/[\s'"\\]/.test(name)) return `the name of ${path} is more words than one`;
      if (place.files.look(path)?.kind === 'dir' && place.files.resolve(path) === path) open.push(path);
    }
  }
  return null;
}

/** States what is found as read, and answers the words that stand for it. `isExact`: each name is one word. */
export function takeFound({ roots, names, isFilesOnly, isBare }: Found, call: Call, isExact: boolean): readonly Word[] {
  const { collector, cwds } = call;
  for (const root of roots) {
    collector.tree(root, cwds, !isFilesOnly);
    for (const name of names) {
      const text = `${root.text}/${name.text}`;
      collector.path({ text, kind: /[*?[]/.test(name.text) ? 'glob' : 'literal', source: text }, 'read', cwds);
    }
    for (const cwd of cwds ?? []) {
      const problem = isExact ? null : splitBelow(resolvePath(cwd, root.text), collector);
      if (problem !== null) collector.unclear(problem);
      const isLikeOption = isBare && collector.place.files.list(cwd).some((name) => name.startsWith('-'));
      if (isLikeOption) collector.unclear('a file that is found is called like an option');
    }
  }
  // Which of them a word is, nobody knows.
  return roots.map((root) => ({ ...root, kind: 'glob' }));
}
