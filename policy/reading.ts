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

/** `git push -f` is `git push --force`. */
function spelledOut(command: CommandFact): Reading[] {
  const { program, argv, unknown } = command;
  const isForce = program === 'git' && argv.includes('push') && argv.some((word) => /^-[a-z]*f[a-z]*$/.test(word));
  return isForce ? [command, { argv: [...argv, '--force'], unknown }] : [command];
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
