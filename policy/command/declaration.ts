/** `declare`, `export`, `unset` and their like: what they show, and which names they set in ways that do not show. */
import { showsVariables } from '../reading.ts';
import { asWord } from './call.ts';
import type { Collector } from './collector.ts';
import type { Node } from './syntax.ts';
import type { Word } from './word.ts';
import { isDangerousVariable } from './wrapper.ts';

const isName = (text: string): boolean => /^[A-Za-z_]\w*$/.test(text);

/** One variable gets a value. */
export function assigned(node: Node, collector: Collector): void {
  const name = node.childForFieldName('name')?.text ?? '';
  if (isDangerousVariable(name)) collector.unclear(`setting ${name} changes what programs do`);
  if (!isName(name)) collector.unclear('an array is not looked into');
}

export interface Declaration {
  node: Node;
  read(node: Node): Word;
  /** The script has arrays, or may. */
  hasArrays: boolean;
  collector: Collector;
  /** Where the command is stated. */
  place: { cwd: string | null; via: readonly string[] };
}

/** `export -p` prints every variable; `-i` counts values, `-n` makes names of them; what an array is given in quotes is run. */
export function declare({ node, read, hasArrays, collector, place }: Declaration): void {
  const { text = 'declare' } = node.children[0] ?? {};
  const words: Word[] = [];
  for (const child of node.namedChildren) {
    if (!child || child.type.endsWith('_redirect')) continue;
    if (child.type === 'variable_assignment') {
      assigned(child, collector);
      words.push(declared(child, { read, hasArrays, collector }));
    } else {
      const word = child.type === 'variable_name' ? asWord(child.text) : read(child);
      lookAtWord(word, text, collector);
      words.push(word);
    }
  }
  const argv = [text, ...words.map((word) => word.text)];
  const isShowing = text !== 'unset' && showsVariables(argv.slice(1));
  collector.command({
    ...{ program: text, argv, unknown: words.flatMap(({ kind }, index) => (kind === 'unknown' ? [index + 1] : [])) },
    ...{ effect: isShowing ? 'unknown' : 'read', cwd: place.cwd, via: [...place.via] },
  });
  if (isShowing) collector.unclear(`${text} shows every variable`);
}

/** A flag, or a name without a value. */
function lookAtWord(word: Word, program: string, collector: Collector): void {
  const isFlag = /^-[aAfFglprux]+$/.test(word.text) || (program === 'unset' && /^-[fv]$/.test(word.text));
  const isPlain = word.kind === 'literal' && (isFlag || isName(word.text));
  if (!isPlain) collector.unclear(`${program} ${word.source} is not looked into`);
  else if (isDangerousVariable(word.text)) collector.unclear(`${word.text} changes what programs do`);
}

/** Bash has these arrays by itself. */
const arrays = /^(?:BASH_.*|COMP.*|COPROC|DIRSTACK|FUNCNAME|GROUPS|MAPFILE|PIPESTATUS|READLINE_.*)$/;

/** `x=value`. In parentheses a value is a list to a variable that is an array, and is expanded a second time. */
function declared(node: Node, { read, hasArrays, collector }: Omit<Declaration, 'node' | 'place'>): Word {
  const name = node.childForFieldName('name')?.text ?? '';
  const value = node.childForFieldName('value');
  if (!value || value.type === 'array') return asWord(node.text);
  const { kind, text, source } = read(value);
  const mayBeArray = hasArrays || arrays.test(name);
  if (kind === 'unknown' ? mayBeArray : /^\s*\(/.test(text)) collector.unclear(`what ${name} holds may run as a list`);
  return { text: `${name}=${text}`, kind, source: `${name}=${source}` };
}

/** `declare -a x`, `x=(1 2)`, `read -a x`, or what may be one. */
export const hasArrays = (root: Node): boolean =>
  root.descendantsOfType('array').length > 0 ||
  root
    .descendantsOfType('declaration_command')
    .some((node) => node?.children.some((child) => child && isArrayFlag(child))) ||
  root.descendantsOfType('command').some((node) => node && makesArrays.test(node.text));

const makesArrays =
  /^(?:mapfile|readarray|eval|source|\.|coproc)\s|^(?:read|command|builtin)\s(?:.*\s)?(?:-\w*a|["'\\$])/s;

const isArrayFlag = ({ type, text }: Node): boolean =>
  !/^(?:variable_assignment|variable_name|.*_redirect)$/.test(type) && !/^[-+][fFglprux]+$|^\w+$/.test(text);
