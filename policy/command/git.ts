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
    'for-each-ref count-objects whatchanged check-ignore check-attr version var grep show-ref diff-tree ' +
    'diff-index diff-files cherry range-diff annotate verify-commit verify-tag ls-remote show-branch'
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
  'symbolic-ref': { words: [], options: /^(?:-q|--short|HEAD)$/, bare: false },
  fsck: { words: [], options: /^--(?:full|strict|no-dangling|connectivity-only)$/, bare: true },
  help: { words: [], options: /^(?:-a|-g|--all|--guides|[a-z-]+)$/, bare: true },
  remote: { words: ['get-url'], options: /^(?:-v|--verbose)$/, bare: true },
  stash: { words: ['list', 'show'], options: /^$/, bare: false },
  reflog: { words: ['show', 'exists'], options: /^(?:-n?\d*|\d+|--date=.*)$/, bare: true },
  worktree: { words: ['list'], options: /^--porcelain$/, bare: false },
  submodule: { words: ['status', 'summary'], options: /^$/, bare: true },
  notes: { words: ['list', 'show'], options: /^$/, bare: true },
  bisect: { words: ['log'], options: /^$/, bare: false },
  config: { words: ['get', 'list'], options: /^$/, bare: false },
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
    'add stage commit checkout switch restore reset rebase merge cherry-pick revert rm mv clean init am apply branch tag stash gc prune ' +
    'repack remote config notes update-index update-ref worktree submodule bisect reflog replace sparse-checkout maintenance ' +
    'symbolic-ref fsck read-tree write-tree commit-tree hash-object mktag mktree pack-refs fast-import format-patch archive bundle'
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
/** What they look at is named by their input, or is everything. */
const fed = [
  ...['stdin', 'stdin-paths', 'stdin-packs', 'stdin-commits', 'pathspec-from-file'],
  ...['batch', 'batch-check', 'batch-command', 'batch-all-objects'],
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

/** In one name of a file in a commit. */
const mostColons = 20;

/** `HEAD:config/secrets.json` names a file in a commit. One more than `mostColons` stands for any more. */
function inCommit(text: string): string[] {
  if (text.includes('://')) return [];
  const colons = [...text.matchAll(/:/g)].slice(0, mostColons + 1);
  return colons.map(({ index }) => text.slice(index + 1)).filter((rest) => rest !== '');
}

/** Long options whose value is no file. */
const said = [
  ...[
    'message',
    'format',
    'pretty',
    'author',
    'committer',
    'since',
    'until',
    'after',
    'before',
    'grep',
    'sort',
    'date',
  ],
  ...['color', 'max-count', 'abbrev', 'stat', 'unified', 'diff-filter', 'word-diff', 'decorate', 'branches', 'tags'],
];
const shortOf: Readonly<Record<string, string>> = { grep: 'eABCmf', blame: 'LS', annotate: 'LS', 'ls-files': 'xX' };
/** Letters that take a value: of what changes something a message, too. */
const shortFor = (subcommand: string): string => {
  const own = Object.hasOwn(shortOf, subcommand) ? shortOf[subcommand] : undefined;
  return own ?? (reads.has(subcommand) ? 'nSGUlLO' : 'mFCnSGUlbOL');
};
/** They show what is in files below a folder that they are given. */
const shows = new Set([
  'add',
  'stage',
  'grep',
  'diff',
  'show',
  'log',
  'archive',
  'stash',
  'difftool',
  'whatchanged',
  'cat-file',
]);

function operandsOf(subcommand: string, { rest, cwds }: Whole, call: Call, effect: CommandEffect): void {
  const { collector } = call;
  const values = {
    short: shortFor(subcommand),
    long: ['message', 'format', 'author', 'since', 'until', 'grep', 'sort', 'date'],
  };
  const dashes = rest.findIndex(({ text }) => text === '--');
  const before = dashes < 0 ? rest : rest.slice(0, dashes);
  const { options, operands } = splitArguments(before, values);
  for (const { text } of before) {
    const name = /^--([\w-]{3,})/.exec(text)?.[1] ?? '';
    if (fed.some((each) => names(name, each))) collector.unclear(`what git ${subcommand} ${text} looks at is not said`);
  }
  // To some they are flags: then the word behind is looked at.
  const counts = options.filter(({ name, value }) => /^[nUl]$/.test(name) && value && !/^\d+$/.test(value.text));
  operands.push(...counts.flatMap(({ value }) => value ?? []));
  for (const option of options) {
    const isPager = subcommand === 'grep' && isOneOf(option, 'O');
    if (isPager || risky.some((each) => names(option.name, each) && option.isLong && option.name.length > 2)) {
      collector.unclear(`git ${subcommand} -${option.name} runs or writes something`);
    }
    const isFile = option.isLong ? !isOneOf(option, '', said) : 'FfOXS'.includes(option.name);
    if (option.value && isFile && option.value.text !== '') collector.path(option.value, 'read', cwds);
    if (option.value && option.name === 'L')
      collector.path({ ...option.value, text: option.value.text.replace(/^.*:/s, '') }, 'read', cwds);
  }
  // Staging takes files up and leaves them as they are.
  const isTaking = /^(?:add|stage|commit|hash-object)$/.test(subcommand);
  const pathEffect = effect === 'write' && !isTaking ? 'write' : 'read';
  const look = (word: Word) =>
    shows.has(subcommand) && pathEffect === 'read'
      ? collector.tree(word, cwds)
      : collector.path(word, pathEffect, cwds);
  for (const word of operands) {
    if (collector.request(word, subcommand === 'push' ? 'POST' : 'GET')) continue;
    if (word.kind === 'unknown') collector.unclear(`${word.source} of git is known only when it runs`);
    // A name of a commit read as a path is harmless; a path read as the name of a commit is not.
    else if (/^:[(/!^]/.test(word.text)) collector.unclear(`which files ${word.text} means is not looked at`);
    else look(word);
    const insides = inCommit(word.text);
    if (insides.length > mostColons) collector.unclear('what a name with so many colons means is not looked at');
    else for (const inside of insides) fromTop({ ...word, text: inside }, pathEffect, call);
  }
  for (const word of dashes < 0 ? [] : rest.slice(dashes + 1)) {
    // After the dashes stand paths, and their own small language of magic words; some only leave files out.
    if (/^:[!^]/.test(word.text) && word.kind === 'literal') {
      if (shows.has(subcommand)) collector.below(cwds);
    } else if (word.text.startsWith(':') && word.kind === 'literal')
      collector.unclear(`which files ${word.text} means is not looked at`);
    else look(word);
  }
  if (subcommand === 'grep' && dashes < 0 && effect === 'read') collector.below(cwds);
  const takesAll = isTaking && rest.some(({ text }) => /^(?:-[a-z]*[aAu][a-z]*|--all|--update)$/.test(text));
  if (takesAll || /^(?:clean|apply|am|checkout-index)$/.test(subcommand)) collector.below(cwds);
}

/** A path in a commit counts from the top of the repository, wherever that is: said only where it is restricted. */
function fromTop(word: Word, effect: 'read' | 'write', { collector, cwds }: Call): void {
  // `HEAD:./x` counts from where it stands.
  for (const cwd of cwds ?? []) {
    const path = resolvePath(cwd, word.text);
    if (isRestricted(path, collector.place)) collector.path(word, effect, [cwd]);
    collector.lookBelow(path);
  }
  const parts = collector.place.base.split('/');
  for (let length = parts.length; length > 0; length--) {
    const top = parts.slice(0, length).join('/') || '/';
    const path = resolvePath(top, word.text);
    if (isRestricted(path, collector.place)) collector.path(word, effect, [top]);
    else collector.lookBelow(path);
  }
}

/** `git config --get user.name`, `git config --list`: nothing but asking, and at most one name. */
function isConfigRead(rest: readonly Word[]): boolean {
  const options = rest.filter(({ text }) => text.startsWith('-'));
  const names = rest.filter(({ text }) => !text.startsWith('-'));
  const isKnown = options.every(({ text }) =>
    /^(?:-[lz]|--(?:get|get-all|get-regexp|list|local|global|system|worktree|show-origin|show-scope|name-only|null|type=\w+))$/.test(
      text,
    ),
  );
  const isAsking = options.some(({ text }) => /^(?:-l|--list|--get|--get-all|--get-regexp)$/.test(text));
  return (
    isKnown &&
    names.length <= 1 &&
    (isAsking || (names.length === 1 && /^[\w-]+(?:\.[\w-]+)+$/.test(names[0]?.text ?? '')))
  );
}

/** Settings that name no program, file or address: others may make git run something later. */
const plainSettings = [
  ...['user.(?:name|email|signingkey)', 'init.defaultbranch', 'pull.(?:rebase|ff)', 'http.postbuffer'],
  ...['push.(?:default|autosetupremote|followtags)', 'fetch.(?:prune|prunetags|parallel)', 'gc.auto', 'tag.sort'],
  ...['merge.(?:conflictstyle|ff|stat|log|renames|autostash)', 'rebase.(?:autosquash|autostash|updaterefs|stat)'],
  ...['commit.(?:gpgsign|verbose|status|cleanup)', 'branch.(?:autosetupmerge|autosetuprebase|sort)'],
  ...['(?:rerere|advice|column|status|stash|feature|index)\\.\\w+', 'color\\.[\\w.-]+', 'log.(?:date|decorate|follow)'],
  ...['diff.(?:algorithm|renames|renamelimit|colormoved|mnemonicprefix|noprefix|context)', 'blame.(?:date|coloring)'],
  'core.(?:autocrlf|eol|filemode|ignorecase|quotepath|longpaths|safecrlf|abbrev|symlinks|untrackedcache|compression)',
];
const plainSetting = new RegExp(`^(?:${plainSettings.join('|')})$`, 'i');

/** `git config core.pager env`: what git will run from then on. */
function isConfigTelling(rest: readonly Word[]): boolean {
  const isKnown = rest.every(
    ({ text }) =>
      !text.startsWith('-') ||
      /^--?(?:global|local|system|worktree|add|unset|unset-all|replace-all|all|bool|int|bool-or-int|type=\w+)$/.test(
        text,
      ),
  );
  const names = rest.filter(({ text }) => !text.startsWith('-')).map(({ text }) => text);
  const [name = ''] = /^(?:set|unset)$/.test(names[0] ?? '') ? names.slice(1) : names;
  return !isKnown || !plainSetting.test(name);
}

/** `git tag --list`, `git branch --contains x`: whatever else is said must be of listing, too. */
const listing =
  /^(?:-[avrliq]+|-n\d*|--(?:list|all|remotes|contains|no-contains|merged|no-merged|points-at|sort|format|column|verbose|ignore-case|show-current)(?:=.*)?)$/s;

function effectOf(subcommand: string, rest: readonly Word[]): CommandEffect {
  if (talks.has(subcommand)) return 'network';
  if (reads.has(subcommand)) return 'read';
  const form = Object.hasOwn(readForms, subcommand) ? readForms[subcommand] : undefined;
  const [first] = rest;
  const isListing =
    rest.some(({ text }) => /^(?:-l|--list|--contains|--merged|--no-merged|--points-at)$/.test(text)) &&
    rest.every(({ text }) => !text.startsWith('-') || listing.test(text));
  if (isListing && (subcommand === 'tag' || subcommand === 'branch')) return 'read';
  if (subcommand === 'config' && isConfigRead(rest)) return 'read';
  if (subcommand === 'remote' && first?.text === 'show') return 'network';
  if (form) {
    const isRead = first
      ? rest.every(({ text }) => form.options.test(text)) ||
        (form.words.includes(first.text) && rest.every(({ text }) => !/^--?(?:unset|add|edit|expire|exec)/.test(text)))
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
    rest.some(({ text }) => /^(?:-x|--exec.*|run|view|visualize|foreach|-i)$/.test(text))
  ) {
    call.collector.unclear(`git ${subcommand.text} runs what it is told`);
  }
  if (subcommand.text === 'config' && effect !== 'read' && isConfigTelling(rest))
    call.collector.unclear('what git is set to do later is not looked into');
  operandsOf(subcommand.text, whole, call, effect);
  return effect;
};
