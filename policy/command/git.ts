/** git: what each subcommand does, by its options. */
import type { CommandEffect } from '#protocol/action-facts.ts';
import { isRestricted, resolvePath } from '../path.ts';
import { looksLikeUrl } from '../url.ts';
import { type Call, type Describe, isOneOf, names, splitArguments } from './call.ts';
import type { Word } from './word.ts';

/** Only read, whatever their operands are. */
const reads = new Set(
  (
    'status log diff show blame rev-parse ls-files ls-tree cat-file describe shortlog merge-base rev-list name-rev ' +
    'for-each-ref count-objects whatchanged check-ignore check-attr version help var grep show-ref symbolic-ref diff-tree ' +
    'diff-index diff-files cherry range-diff annotate verify-commit verify-tag ls-remote show-branch fsck'
  ).split(' '),
);
/** Read with one of these as their first word, or without any. */
const readForms: Readonly<Record<string, { words: readonly string[]; options: RegExp; bare: boolean }>> = {
  branch: {
    words: [],
    options:
      /^(?:-[avrl]+|--(?:list|all|remotes|show-current|contains|merged|no-merged|sort|format|column|verbose)(?:=.*)?)$/,
    bare: true,
  },
  tag: { words: [], options: /^(?:-l|-n\d*|--(?:list|contains|sort|points-at|merged)(?:=.*)?)$/, bare: true },
  remote: { words: ['show', 'get-url'], options: /^(?:-v|--verbose)$/, bare: true },
  stash: { words: ['list', 'show'], options: /^$/, bare: false },
  reflog: { words: ['show', 'exists'], options: /^(?:-n?\d*|--date=.*)$/, bare: true },
  worktree: { words: ['list'], options: /^--porcelain$/, bare: false },
  submodule: { words: ['status', 'summary'], options: /^$/, bare: true },
  notes: { words: ['list', 'show'], options: /^$/, bare: true },
  bisect: { words: ['log', 'view'], options: /^$/, bare: false },
  config: {
    words: ['get', 'list'],
    options: /^(?:-l|--(?:get|get-all|list|local|global|show-origin|show-scope|name-only|type=.*))$/,
    bare: false,
  },
};
const talks = new Set([
  'fetch',
  'pull',
  'push',
  'clone',
  'ls-remote',
  'remote-update',
  'request-pull',
  'send-email',
  'lfs',
  'svn',
  'p4',
]);
const changes = new Set(
  (
    'add commit checkout switch restore reset rebase merge cherry-pick revert rm mv clean init am apply branch tag stash gc prune ' +
    'repack remote config notes update-index update-ref worktree submodule bisect reflog replace sparse-checkout maintenance ' +
    'read-tree write-tree commit-tree hash-object mktag mktree pack-refs fast-import format-patch archive bundle'
  ).split(' '),
);
/** Run a program, or write a file. */
const risky = [
  'output',
  'ext-diff',
  'textconv',
  'open-files-in-pager',
  'upload-pack',
  'receive-pack',
  'exec',
  'config',
  'template',
  'filters',
];

interface Whole {
  subcommand: Word | null;
  rest: readonly Word[];
  cwds: Call['cwds'];
}

/** Options before the subcommand. */
function takeGlobal(call: Call): Whole {
  const { args, collector } = call;
  let { cwds } = call;
  let at = 0;
  for (; at < args.length; at++) {
    const { text = '', kind } = args[at] ?? {};
    if (kind === 'unknown' || !text.startsWith('-')) break;
    if (text === '-C') {
      const folder = args[++at];
      if (folder) collector.path(folder, 'list', cwds);
      cwds =
        folder?.kind === 'literal' && folder.text.startsWith('/') ? [folder.text] : folder?.text === '.' ? cwds : null;
    } else if (!/^(?:--no-pager|-P|--version|--help|-h|--no-optional-locks|--literal-pathspecs|--bare)$/.test(text)) {
      collector.unclear(`git ${text} changes what git does`);
      if (text === '-c' || text === '--config-env') at += 1;
    }
  }
  return { subcommand: args[at] ?? null, rest: args.slice(at + 1), cwds };
}

/** `HEAD:config/secrets.json` names a file in a commit. */
function inCommit(text: string): string | null {
  const match = /^:?[^:]*:(?:\d:)?(.+)$/.exec(text);
  return match?.[1] && !text.includes('://') ? match[1] : null;
}

function operandsOf(subcommand: string, { rest, cwds }: Whole, call: Call, effect: CommandEffect): void {
  const { collector } = call;
  const values = {
    short: subcommand === 'grep' ? 'eABCmf' : 'mFCnSGUlb',
    long: ['message', 'format', 'author', 'since', 'until', 'grep', 'sort', 'date'],
  };
  const dashes = rest.findIndex(({ text }) => text === '--');
  const before = dashes < 0 ? rest : rest.slice(0, dashes);
  const { options, operands } = splitArguments(before, values);
  for (const option of options) {
    const isPager = subcommand === 'grep' && isOneOf(option, 'O');
    if (isPager || risky.some((each) => names(option.name, each) && option.name.length > 2)) {
      collector.unclear(`git ${subcommand} -${option.name} runs or writes something`);
    }
    if (option.value && isOneOf(option, 'F', ['file'])) collector.path(option.value, 'read', cwds);
  }
  const pathEffect = effect === 'write' ? 'write' : 'read';
  for (const word of operands) {
    if (collector.request(word, subcommand === 'push' ? 'POST' : 'GET')) continue;
    if (word.kind === 'unknown') collector.unclear(`${word.source} of git is known only when it runs`);
    // A name of a commit read as a path is harmless; a path read as the name of a commit is not.
    else collector.path(word, pathEffect, cwds);
    const inside = inCommit(word.text);
    if (inside !== null) fromTop({ ...word, text: inside }, pathEffect, call);
  }
  for (const word of dashes < 0 ? [] : rest.slice(dashes + 1)) {
    // After the dashes stand paths, and their own small language of magic words.
    if (word.text.startsWith(':') && word.kind === 'literal')
      collector.unclear(`which files ${word.text} means is not looked at`);
    else collector.path(word, pathEffect, cwds);
  }
}

/** A path in a commit counts from the top of the repository, wherever that is: said only where it is restricted. */
function fromTop(word: Word, effect: 'read' | 'write', { collector }: Call): void {
  const parts = collector.place.base.split('/');
  for (let length = parts.length; length > 0; length--) {
    const top = parts.slice(0, length).join('/') || '/';
    if (isRestricted(resolvePath(top, word.text), collector.place)) collector.path(word, effect, [top]);
  }
}

/** `git config --get user.name`. */
const isQuery = (subcommand: string, { text }: Word): boolean =>
  subcommand === 'config' && (readForms.config?.options.test(text) ?? false);

function effectOf(subcommand: string, rest: readonly Word[]): CommandEffect {
  if (talks.has(subcommand)) return 'network';
  if (reads.has(subcommand)) return 'read';
  const form = Object.hasOwn(readForms, subcommand) ? readForms[subcommand] : undefined;
  const [first] = rest;
  const isListing = rest.some(({ text }) => /^(?:-l|--list|--contains|--merged|--no-merged|--points-at)$/.test(text));
  if (isListing && (subcommand === 'tag' || subcommand === 'branch')) return 'read';
  if (subcommand === 'config' && rest.length === 1 && /^[\w-]+(?:\.[\w-]+)+$/.test(first?.text ?? '')) return 'read';
  if (form) {
    const isRead = first
      ? rest.every(({ text }) => form.options.test(text)) ||
        form.words.includes(first.text) ||
        isQuery(subcommand, first)
      : form.bare;
    if (isRead) return 'read';
  }
  return changes.has(subcommand) ? 'write' : 'unknown';
}

export const describeGit: Describe = (call) => {
  const whole = takeGlobal(call);
  const { subcommand, rest } = whole;
  if (!subcommand) return 'read';
  if (subcommand.kind !== 'literal') {
    call.collector.unclear('which command of git it is is known only when it runs');
    return 'unknown';
  }
  const effect = effectOf(subcommand.text, rest);
  // The name of a remote says nothing of where it is.
  if (effect === 'network' && !rest.some(({ text }) => looksLikeUrl(text))) call.collector.host('*');
  if (
    /^(?:rebase|bisect|submodule|filter-branch|difftool|mergetool)$/.test(subcommand.text) &&
    rest.some(({ text }) => /^(?:-x|--exec.*|run|foreach|-i)$/.test(text))
  ) {
    call.collector.unclear(`git ${subcommand.text} runs what it is told`);
  }
  operandsOf(subcommand.text, whole, call, effect);
  return effect;
};
