/** What bash expands, runs or counts although the syntax tree shows plain text, or no more than a name. Knows no command. */
import { type Counters, countersOf } from './counter.ts';
import type { Node } from './syntax.ts';
import { isDangerousVariable } from './wrapper.ts';

/** Text that no quotes hold: whatever starts an expansion there is one. */
const starts = /`|\$[({[]|[<>]\(/;
/** The same between double quotes and in here-documents. */
const startsQuoted = /`|\$[({[]/;
/** Leaves that are taken as they stand. */
const verbatim = new Set(['raw_string', 'ansi_c_string', 'comment']);
const quotedLeaves = new Set(['string_content', 'heredoc_body', 'heredoc_content']);

/** One phrase for each thing in the tree that may do more than it shows. */
export function hiddenIn(root: Node, text: string): string[] {
  const counters = countersOf(root);
  const found: string[] = [];
  if (hidesExpansion(root, text)) found.push('it expands something that is not told apart from its text');
  for (const node of root.descendantsOfType('expansion')) {
    if (node && !isPlainExpansion(node.text, insideOf(node)))
      found.push(`what ${node.text} becomes is not looked into`);
  }
  for (const node of root.descendantsOfType(['arithmetic_expansion', 'compound_statement', 'c_style_for_statement'])) {
    const sum = node ? sumOf(node) : null;
    if (sum !== null && !isPlainSum(sum, counters)) found.push(`${sum.trim()} may run something when it is counted`);
  }
  for (const node of root.descendantsOfType('subscript')) {
    const index = node?.childForFieldName('index')?.text ?? '';
    if (!/^(?:[@*]|\d+)$/.test(index) && !isPlainSum(index, counters)) found.push(`[${index}] may run something`);
  }
  for (const name of setIn(root)) {
    if (isDangerousVariable(name)) found.push(`setting ${name} changes what programs do`);
  }
  for (const node of root.descendantsOfType('test_command')) {
    if (node && !isPlainTest(node, counters)) found.push('a test may run something when it is counted');
  }
  return found;
}

function hidesExpansion(root: Node, text: string): boolean {
  let end = 0;
  for (const leaf of root.leaves()) {
    if (startsQuoted.test(unescaped(text.slice(end, Math.max(end, leaf.startIndex))))) return true;
    end = Math.max(end, leaf.endIndex);
    if (!leaf.isNamed || verbatim.has(leaf.type) || isQuotedDocument(leaf)) continue;
    if ((quotedLeaves.has(leaf.type) ? startsQuoted : starts).test(unescaped(leaf.text))) return true;
  }
  return startsQuoted.test(unescaped(text.slice(end)));
}

const unescaped = (text: string): string => text.replace(/\\./gs, '');

/** `<<'E'`: nothing in it is expanded. */
function isQuotedDocument(node: Node): boolean {
  if (node.type !== 'heredoc_body') return node.type === 'heredoc_end' || node.type === 'heredoc_start';
  const start = node.parent?.children.find((child) => child?.type === 'heredoc_start');
  return /['"\\]/.test(start?.text ?? '');
}

const inner = new Set(['expansion', 'simple_expansion', 'command_substitution', 'arithmetic_expansion']);

/** The text of an expansion with a letter for each expansion that the tree shows in it. */
function insideOf(node: Node): string {
  let text = '';
  let end = node.startIndex;
  for (const child of outermost(node)) {
    text += `${node.text.slice(end - node.startIndex, child.startIndex - node.startIndex)}x`;
    end = child.endIndex;
  }
  return text + node.text.slice(end - node.startIndex);
}

const outermost = (node: Node): Node[] =>
  node.namedChildren.flatMap((child) => (child ? (inner.has(child.type) ? [child] : outermost(child)) : []));

const name = String.raw`(?:[A-Za-z_]\w*(?:\[[^\]]*\])?|\d+|[@*#?$!-])`;
/** No quotes, no escapes, nothing that starts an expansion: bash and the parser read them alike. */
const plain = String.raw`[\w ./:@%+,=~*?^-]*`;
const forms = [
  `#?${name}`,
  String.raw`![A-Za-z_]\w*(?:[@*]|\[[@*]\])`,
  `${name}:?[-+?=]${plain}`,
  `${name}(?:##?|%%?)${plain}`,
  String.raw`${name}\/[\/#%]?${plain}`,
  String.raw`${name}(?:\^\^?|,,?)`,
  String.raw`${name}:(?: -)?\d+(?::-?\d+)?`,
];
const plainExpansion = new RegExp(String.raw`^\$\{(?:${forms.join('|')})\}$`);

/** `${!x}` and `${x@P}` run what a variable holds; quotes inside of braces are read in several ways. */
const isPlainExpansion = (whole: string, inside: string): boolean =>
  plainExpansion.test(inside) && !/^\$\{[A-Za-z_]\w*@/.test(whole);

/** What is counted: the text of `$((…))`, `$[…]`, `((…))` and the head of `for ((…))`. */
function sumOf(node: Node): string | null {
  if (node.type === 'arithmetic_expansion') return node.text.replace(/^\$(?:\(\(|\[)|(?:\)\)|\])$/g, '');
  const open = node.children.find((child) => child?.type === '((');
  const close = node.children.find((child) => child?.type === '))');
  if (!open) return null;
  return node.text.slice(open.endIndex - node.startIndex, (close ?? node).startIndex - node.startIndex);
}

/** Numbers, operators, and variables that surely hold numbers: the value of any other is counted in its turn. */
function isPlainSum(text: string, counters: Counters): boolean {
  const names = text.replace(/\$[#?$]/g, '0').replace(/\$\{?([A-Za-z_]\w*)\}?/g, ' $1 ');
  if (!/^[\w\s+\-*/%<>=!&|^~?:(),;]*$/.test(names)) return false;
  return [...names.matchAll(/\b[A-Za-z_]\w*/g)].every(([each]) => counters.has(each));
}

/** `[[ x -eq y ]]` counts both sides; `-v` and `-R` count what stands in brackets. */
function isPlainTest(node: Node, counters: Counters): boolean {
  const isDouble = node.children[0]?.type === '[[';
  for (const operator of node.descendantsOfType('test_operator')) {
    if (!operator) continue;
    const sides = (operator.parent?.namedChildren ?? []).filter((child) => child?.type !== 'test_operator');
    const texts = sides.map((side) => side?.text.replace(/^"(.*)"$/s, '$1') ?? '');
    if (/^-[vR]$/.test(operator.text) && !texts.every((text) => /^[A-Za-z_]\w*$/.test(text))) return false;
    if (
      isDouble &&
      /^-(?:eq|ne|lt|le|gt|ge)$/.test(operator.text) &&
      !texts.every((text) => isPlainSum(text, counters))
    )
      return false;
  }
  return true;
}

/** Names that get a value without an assignment: of loops, `${x:=…}`, and in sums. */
function setIn(root: Node): string[] {
  const loops = root.descendantsOfType('for_statement').map((node) => node?.childForFieldName('variable')?.text ?? '');
  const expansions = root
    .descendantsOfType('expansion')
    .map((node) => /^\$\{(\w+):?=/.exec(node?.text ?? '')?.[1] ?? '');
  const sums = root
    .descendantsOfType(['arithmetic_expansion', 'compound_statement', 'c_style_for_statement'])
    .flatMap((node) => [...((node ? sumOf(node) : null) ?? '').matchAll(/[A-Za-z_]\w*/g)].map(([name]) => name));
  return [...loops, ...expansions, ...sums];
}
