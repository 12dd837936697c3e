/** Which variables surely have which value: assigned once, at the top of the script, before anything else could change them. */
import type { Node } from './syntax.ts';
import { type Known, readWord } from './word.ts';

/** Programs that set variables in ways of their own, or run those that do. */
const setters =
  /^(?:read|mapfile|readarray|getopts|printf|export|declare|typeset|local|readonly|unset|let|source|\.|eval|command|builtin|time|coproc|trap|wait|set|shopt|enable|alias|compgen)$/;
/** Bash gives these a value of its own, whatever they are set to. */
const magic =
  /^(?:_|FUNCNAME|DIRSTACK|GROUPS|PIPESTATUS|S?RANDOM|SECONDS|LINENO|EPOCH.*|BASH.*|HISTCMD|OPT.*|COMP_.*|E?UID|PPID|REPLY|COPROC.*|READLINE.*|MAPFILE|PWD|OLDPWD|HOME|SHELL.*|COLUMNS|LINES|IFS|PATH)$/;

/** Something in the script may change a variable without an assignment that shows. */
export function isLoose(root: Node): boolean {
  const isSetter = (text: string) => setters.test(text) || !/^(?:[\w./@:+-]+|\[|\$\{?[A-Za-z_]\w*\}?)$/.test(text);
  return (
    root.descendantsOfType('command_name').some((node) => node && isSetter(node.text)) ||
    root
      .descendantsOfType('variable_assignment')
      .some((node) => setters.test(node?.childForFieldName('value')?.text ?? ''))
  );
}

/** Value by name, and where it is set; null: it is set, but to what is not known. */
export function assignmentsOf(root: Node, text: string, home: string): Map<string, Known> {
  const values = new Map<string, Known>();
  const isSure = !isLoose(root);
  for (const node of root.descendantsOfType('variable_assignment')) {
    const name = node?.childForFieldName('name')?.text;
    if (!node || !name) continue;
    const value = node.childForFieldName('value');
    const isPlain = isSure && !magic.test(name) && !values.has(name) && isAtTop(node) && !isAdded(node, text);
    const word = value && isPlain ? readWord(value, text, { variables: values, home, cwd: null }) : null;
    values.set(name, { value: word?.kind === 'literal' ? word.text : null, from: node.endIndex });
  }
  for (const node of root.descendantsOfType([
    'for_statement',
    'declaration_command',
    'unset_command',
    'arithmetic_expansion',
    'postfix_expression',
    'unary_expression',
    'expansion',
  ])) {
    for (const name of node?.descendantsOfType('variable_name') ?? [])
      if (name && (node?.type !== 'expansion' || /[:=?+-]/.test(node.text)))
        values.set(name.text, { value: null, from: 0 });
  }
  return values;
}

/** Variables that one loop sets, and nothing else. */
export function loopVariables(root: Node): ReadonlySet<string> {
  if (isLoose(root)) return new Set();
  const counts = new Map<string, number>();
  const setters = [
    'for_statement',
    'variable_assignment',
    'declaration_command',
    'unset_command',
    'postfix_expression',
  ];
  const others = [
    'arithmetic_expansion',
    'unary_expression',
    'compound_statement',
    'c_style_for_statement',
    'expansion',
  ];
  for (const node of root.descendantsOfType([...setters, ...others])) {
    for (const name of node ? namesSet(node) : []) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const loops = root.descendantsOfType('for_statement').map((node) => node?.childForFieldName('variable')?.text ?? '');
  return new Set(loops.filter((name) => counts.get(name) === 1 && !magic.test(name)));
}

/** Names that a part of a script may give a value, or more of them. */
function namesSet(node: Node): string[] {
  const { type, text } = node;
  if (type === 'for_statement') return [node.childForFieldName('variable')?.text ?? ''];
  if (type === 'variable_assignment') return [node.childForFieldName('name')?.text.replace(/\[.*$/s, '') ?? ''];
  if (type === 'compound_statement' && !text.startsWith('((')) return [];
  if (type === 'expansion' && !/^\$\{\w+:?=/.test(text)) return [];
  const head = type === 'c_style_for_statement' ? text.slice(0, text.indexOf('))') + 1) : text;
  return [...head.matchAll(/[A-Za-z_]\w*/g)].map(([name]) => name);
}

const isAdded = ({ startIndex, endIndex }: Node, text: string): boolean =>
  /^\w+\+=/.test(text.slice(startIndex, endIndex));

/** In the shell itself: `x=1 &` sets it in another. */
function isAtTop(node: Node): boolean {
  const { parent, nextSibling } = node;
  if (nextSibling?.type === '&') return false;
  if (parent?.type === 'variable_assignments') return isAtTop(parent);
  return parent?.type === 'program';
}
