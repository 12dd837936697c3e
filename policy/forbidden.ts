/** Forbidden commands: patterns of words, held against every command that would run and all that it amounts to. */
import type { ActionFacts } from '#protocol/action-facts.ts';
import { resolvePath } from './path.ts';
import { type Reading, readingsOf } from './reading.ts';

export interface Match {
  /** False: words that are not known yet could make it one. */
  isCertain: boolean;
}

/** All words behind these are files or addresses, in any order; of other programs the first may name what is done. */
const unordered = new Set(['rm', 'curl', 'wget', 'chmod', 'chown', 'cp', 'mv', 'dd']);

/** Words of a pattern: quotes hold blanks together. */
const patternWords = (pattern: string): string[] =>
  [...pattern.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, bare]) => double ?? single ?? bare ?? '');

const escaped = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
const wordMatcher = (word: string): RegExp => new RegExp(`^${escaped(word).replaceAll('*', '.*')}$`, 's');

/** Where the paths in a pattern start, absolute. */
interface Start {
  base: string;
  home: string;
}

/** Whether the pattern says something of what would run; null: it does not. Paths are compared by where they lead from `start`. */
export function matchForbidden(pattern: string, facts: ActionFacts, start: Start | null = null): Match | null {
  const words = patternWords(pattern);
  if (words.length === 0) return null;
  const pipe = words.indexOf('|');
  if (pipe >= 0) return matchPipe(words.slice(pipe + 1), facts);
  let isPossible = false;
  for (const command of facts.commands) {
    const places = start && { start, cwd: command.cwd };
    for (const reading of readingsOf(command, facts)) {
      const match = matchWords(words, reading, places);
      if (match === 'yes') return { isCertain: true };
      isPossible ||= match === 'maybe';
    }
  }
  return isPossible ? { isCertain: false } : null;
}

/** `* | sh`: what stands behind the bar gets what is printed before it. */
function matchPipe(words: readonly string[], facts: ActionFacts): Match | null {
  const [program = ''] = words;
  const index = facts.commands.findIndex((command) => wordMatcher(program).test(command.program));
  return index > 0 ? { isCertain: facts.commands[index]?.argv.length === words.length } : null;
}

type Answer = 'yes' | 'maybe' | 'no';

function matchWords(pattern: readonly string[], { argv, unknown }: Reading, places: Places | null): Answer {
  const [program = '*', ...rest] = pattern;
  const [first = '', ...args] = argv;
  const isProgramKnown = !unknown.includes(0);
  const name = first.slice(first.lastIndexOf('/') + 1);
  const named: Answer = isProgramKnown
    ? wordMatcher(program).test(name) || wordMatcher(program).test(first)
      ? 'yes'
      : 'no'
    : 'maybe';
  if (named === 'no') return 'no';
  const known = args.map((text, index) => ({ text, isKnown: !unknown.includes(index + 1), places }));
  const operands = rest.filter((word) => word !== '*' && !isOption(word));
  const inOrder = unordered.has(name)
    ? operands.map((word) => matchAny(word, known)).reduce<Answer>(least, 'yes')
    : matchOperands(
        rest.filter((word) => !isOption(word)),
        known,
      );
  const answer = rest
    .filter(isOption)
    .map((word) => matchOption(word, known))
    .reduce<Answer>(least, inOrder);
  if (answer === 'no' || named === 'yes') return answer;
  return 'maybe';
}

/** From where a path of the pattern and one of the command lead; null: not known. */
interface Places {
  start: Start;
  cwd: string | null;
}

interface Arg {
  text: string;
  isKnown: boolean;
  places: Places | null;
}

const same = (pattern: string, { text, isKnown, places }: Arg): Answer => {
  // The very glob that is forbidden is.
  if (!isKnown) return pattern === text || (places && leadTo(pattern, text, places, sameText)) ? 'yes' : 'maybe';
  if (wordMatcher(pattern).test(text)) return 'yes';
  if (isPath(pattern) && normal(pattern) === normal(text)) return 'yes';
  return places && leadTo(pattern, text, places, isMatching) ? 'yes' : 'no';
};

const fromHome = /^(?:~|\$HOME|\$\{HOME\})(?=\/|$)/;

/** Two spellings of one file: `~/.ssh/key`, `$HOME/.ssh/key` and `../.ssh/key` where home is the folder above. */
function leadTo(
  pattern: string,
  text: string,
  { start: { base, home }, cwd }: Places,
  isSame: (wanted: string, given: string) => boolean,
): boolean {
  const isSpelled = fromHome.test(pattern) || pattern.includes('/') || text.includes('/');
  if (!isSpelled || pattern.startsWith('-') || text.startsWith('-') || pattern === '*') return false;
  if (cwd === null && !text.startsWith('/')) return false;
  const wanted = resolvePath(
    base,
    pattern.replace(fromHome, () => home),
  );
  return isSame(wanted, resolvePath(cwd ?? '/', text));
}
const sameText = (wanted: string, given: string): boolean => wanted === given;
const isMatching = (wanted: string, given: string): boolean => wordMatcher(wanted).test(given);

const isPath = (word: string): boolean => word.startsWith('/') || word.startsWith('.') || word.startsWith('~');
/** Without doubled slashes, `.` and a slash at the end. */
const normal = (path: string): string => path.replace(/\/+(?:\.\/+)*/g, '/').replace(/(?<=.)\/\.?$/, '') || '/';

const isOption = (word: string): boolean => word.length > 1 && word.startsWith('-');

/**
 * The words that are no options, in their order, each perhaps behind further ones; before the first stand only options and their
 * values, so that `npm publish` is not `npm help publish`. A `*` alone stands for any words.
 */
function matchOperands(pattern: readonly string[], args: readonly Arg[]): Answer {
  let at = 0;
  let maySkip = false;
  for (const word of pattern) {
    let mayBeValue = false;
    for (let isFound = word === '*'; !isFound; at++) {
      const arg = args[at];
      if (!arg) return 'no';
      isFound = same(word, arg) === 'yes';
      if (isFound) continue;
      if (!arg.isKnown) return 'maybe';
      if (!isOption(arg.text) && !maySkip && !mayBeValue) return 'no';
      mayBeValue = isOption(arg.text) && !arg.text.includes('=');
    }
    maySkip = true;
  }
  return 'yes';
}

const better = (one: Answer, other: Answer): Answer =>
  one === 'yes' || other === 'yes' ? 'yes' : one === 'maybe' ? one : other;
const least = (one: Answer, other: Answer): Answer =>
  one === 'no' || other === 'no' ? 'no' : one === 'yes' ? other : one;

const matchAny = (word: string, args: readonly Arg[]): Answer =>
  args.reduce<Answer>((best, arg) => better(best, same(word, arg)), 'no');

/** Somewhere among the words: as it is spelled, its letters bundled with others, or a long one cut short. */
function matchOption(word: string, args: readonly Arg[]): Answer {
  if (word.includes('*')) return matchAny(word, args);
  if (word.startsWith('--')) {
    return args.reduce<Answer>((best, arg) => better(best, longSame(word, arg)), 'no');
  }
  const letters = word.slice(1);
  const isBundle = letters.length <= mostLetters && new Set(letters).size === letters.length;
  if (!isBundle) return matchAny(word, args);
  const known = args.filter(({ isKnown, text }) => isKnown && /^-[^-]/.test(text)).map(({ text }) => text.slice(1));
  const isThere = [...letters].every((letter) => known.some((bundle) => bundle.includes(letter)));
  if (isThere) return 'yes';
  return args.some(({ isKnown }) => !isKnown) ? 'maybe' : 'no';
}

/** Longer options of one dash are names: `-delete`. */
const mostLetters = 4;

const longSame = (word: string, { text, isKnown }: Arg): Answer => {
  if (!isKnown) return 'maybe';
  return text === word ||
    text.startsWith(`${word}=`) ||
    (text.length > 4 && text.startsWith('--') && word.startsWith(text))
    ? 'yes'
    : 'no';
};

/** Hosts that a pattern about a client of the web speaks of, as patterns: `curl -X POST *evil.com*` → `*evil.com*`. */
export function forbiddenHosts(pattern: string): { host: RegExp; method: string | null } | null {
  const words = patternWords(pattern);
  if (!/^(?:curl|wget|http|https|\*)$/.test(words[0] ?? '')) return null;
  const host = words.find((word, index) => index > 0 && /\./.test(word) && !word.startsWith('-'));
  if (!host) return null;
  const at = words.findIndex((word) => word === '-X' || word === '--request');
  const bare = host
    .replace(/^\*?(?:https?:\/\/)?/, '')
    .replace(/[*/].*$/s, (rest) => (rest.startsWith('*') ? '*' : ''));
  return {
    host: wordMatcher(`*${bare}`.replace(/^\*+/, '*')),
    method: at < 0 ? null : (words[at + 1]?.toUpperCase() ?? null),
  };
}
