/** What a command amounts to: the plainer commands that do the same, by which forbidden ones are recognised. */
import type { ActionFacts, CommandFact } from '#protocol/action-facts.ts';
import { resolvePath } from './path.ts';

export type Reading = Pick<CommandFact, 'argv' | 'unknown'>;

/** The command itself, and its further readings. */
export function readingsOf(command: CommandFact, facts: ActionFacts): Reading[] {
  return [
    ...spelledOut(command),
    ...(environment(command) ?? []),
    ...(removal(command) ?? []),
    ...requests(command, facts),
  ];
}

/** `git push -f` is `git push --force`, `python3 -m pip` is `pip`, `npm i` is `npm install`. */
function spelledOut(command: CommandFact): Reading[] {
  const { program, argv, unknown } = command;
  const isForce =
    program === 'git' && argv.includes('push') && argv.some((word) => /^-[a-z]*f[a-z]*$|^\+[\w/]/.test(word));
  const plainer = [command, module(command), packager(command), family(command)].flatMap((each) => each ?? []);
  const all = plainer.flatMap((each) => [each, ...subcommand(each)]);
  return isForce ? [...all, { argv: [...argv, '--force'], unknown }] : all;
}

/** The words from `at` on, under another name. */
const renamed = (name: string, { argv, unknown }: Reading, at = 1): Reading => ({
  argv: [name, ...argv.slice(at)],
  unknown: unknown.filter((index) => index >= at).map((index) => index - at + 1),
});

/** `pip3.11` and `python3` are versions of `pip` and `python`. */
function family(command: CommandFact): Reading | null {
  const name = /^(pip|python|pypy|node|ruby|perl|php|lua)(?:js|[\d.]+)$/.exec(command.program)?.[1];
  return name === undefined ? null : renamed(name, command);
}

/** `python3 -m pip install x`, `python -Impip install x`. */
function module(command: CommandFact): Reading | null {
  if (!/^(?:python|pypy)[\d.]*$/.test(command.program)) return null;
  const at = command.argv.findIndex((word, index) => index > 0 && /^-[A-Za-z]*m/.test(word));
  const own = /^-[A-Za-z]*?m(.*)$/s.exec(command.argv[at] ?? '')?.[1] ?? '';
  const name = (own || command.argv[at + 1]) ?? '';
  return at < 0 ? null : renamed(name.split('.')[0] ?? '', command, own === '' ? at + 2 : at + 1);
}

/** `uv pip install x`, `yarn npm publish`. */
function packager(command: CommandFact): Reading | null {
  const { program, argv } = command;
  if (program !== 'uv' && program !== 'yarn') return null;
  const name = program === 'uv' ? 'pip' : 'npm';
  const at = argv.indexOf(name);
  return at < 0 ? null : renamed(name, command, at + 1);
}

/** What npm takes for what. */
const npmNames: Readonly<Record<string, string>> = {
  install: 'i in ins inst insta instal isnt isnta isntal isntall add',
  uninstall: 'un unlink remove rm r',
  'run-script': 'run rum urn',
  run: 'run-script rum urn',
  exec: 'x',
  test: 't tst',
  config: 'c',
  update: 'up upgrade udpate',
  'install-test': 'it',
  'install-ci-test': 'cit sit clean-install-test',
  ci: 'clean-install ic install-clean isntall-clean',
  version: 'verison',
  owner: 'author',
  link: 'ln',
  list: 'la ll ls',
  ls: 'la ll list',
  view: 'info show v',
  dedupe: 'ddp',
};
const npmCalled = new Map<string, string[]>();
for (const [name, others] of Object.entries(npmNames))
  for (const other of others.split(' ')) npmCalled.set(other, [...(npmCalled.get(other) ?? []), name]);

/** Names that no other begins like from so many letters on. */
const cutShort = [
  ...[
    { name: 'publish', least: 2 },
    { name: 'unpublish', least: 3 },
    { name: 'deprecate', least: 3 },
  ],
  ...[
    { name: 'uninstall', least: 4 },
    { name: 'install', least: 4 },
    { name: 'access', least: 2 },
  ],
];

/** What is done, by its other names. npm takes the beginning of a name for it: `npm publ`. */
function subcommand(reading: Reading): Reading[] {
  if (reading.argv[0] !== 'npm') return [];
  const isValue = (index: number) => /^--?[^=]+$/.test(reading.argv[index - 1] ?? '');
  const swap = (at: number, name: string): Reading => ({ ...reading, argv: reading.argv.with(at, name) });
  return reading.argv.flatMap((word, index) => {
    const isFirst = index > 0 && !word.startsWith('-') && (index === 1 || isValue(index));
    if (!isFirst || reading.unknown.includes(index)) return [];
    const whole = cutShort.filter(({ name, least }) => word.length >= least && word !== name && name.startsWith(word));
    return [...(npmCalled.get(word) ?? []), ...whole.map(({ name }) => name)].map((name) => swap(index, name));
  });
}

const plain = (...argv: string[]): Reading => ({ argv, unknown: [] });

/** `declare -p`, `export`, `typeset -g`: without a name, and not of functions, it is all of them. Words behind the program. */
export const showsVariables = (words: readonly string[]): boolean =>
  words.some((word) => /^-\w*p/.test(word)) || words.every((word) => /^[-+](?!\w*[fF])/.test(word));

/** Everything that prints all variables is `env`. */
function environment({ program, argv, via }: CommandFact): Reading[] | null {
  const rest = argv.slice(1);
  if (program === 'printenv') return [plain('env', ...rest)];
  if (/^(?:export|declare|typeset|readonly|local)$/.test(program)) {
    return showsVariables(rest) ? [plain('env')] : null;
  }
  if (program === 'set' && rest.length === 0) return [plain('env')];
  if (program === 'compgen' && rest.some((word) => /^-\w*[ve]/.test(word))) return [plain('env')];
  // Scripts of this name are built in.
  if (program === 'npm' || program === 'yarn') {
    const words = rest.filter((word) => !word.startsWith('-'));
    const isScript = /^(?:(?:run|run-script|rum|urn) )?env$/.test(words.slice(0, 2).join(' '));
    return isScript && (program !== 'npm' || words.length > 1) ? [plain('env')] : null;
  }
  if (program === 'cmake' && rest[0] === '-E' && rest[1] === 'environment') return [plain('env')];
  if (via.at(-1) === 'busybox' || program === 'busybox') return [plain(...(program === 'busybox' ? rest : argv))];
  return null;
}

/** `/`, `//`, `/*`, `/.`, `~/../..` where home is two deep, `.` in `/`. */
function isRootLike(word: string, cwd: string | null): boolean {
  if (/^\/+[*.]*\/*$/.test(word)) return true;
  if (/^(?:\.\/?|\*|\.\/\*)$/.test(word)) return cwd === '/';
  if (word.startsWith('/')) return resolvePath('/', word.replace(/\/\*$/, '')) === '/';
  return cwd !== null && /^(?:\.\.\/?)+$/.test(word) && resolvePath(cwd, word) === '/';
}

/** `rm --recursive --force //`, `find / -delete`: everything goes. */
function removal({ program, argv, unknown, cwd }: CommandFact): Reading[] | null {
  const rest = argv.slice(1);
  if (program === 'rm') {
    const isRecursive = rest.some(
      (word) => /^-[a-zA-Z]*[rR]/.test(word) || (word.length > 3 && '--recursive'.startsWith(word)),
    );
    const root = rest.find(
      (word, index) =>
        !word.startsWith('-') && isRootLike(word, cwd) && (!unknown.includes(index + 1) || word.includes('*')),
    );
    return isRecursive && root !== undefined ? [plain('rm', '-rf', '/')] : null;
  }
  const isFindRemoval = program === 'find' && (rest.includes('-delete') || rest.includes('rm'));
  if (isFindRemoval && rest.some((word) => isRootLike(word, cwd) && !word.startsWith('-')))
    return [plain('rm', '-rf', '/')];
  return null;
}

/** Whatever client sends it, a request is what curl would send. */
function requests({ program, effect }: CommandFact, { requests: all }: ActionFacts): Reading[] {
  if (effect !== 'network' && program !== '') return [];
  return all
    .map(({ method, url }) => ({ method, url: url.toLowerCase() }))
    .flatMap(({ method, url }) =>
      method === null ? [{ argv: ['curl', '-X', '?', url], unknown: [2] }] : [plain('curl', '-X', method, url)],
    );
}
