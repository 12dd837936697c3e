/** Which variables surely have which value: assigned once, at the top of the script, before anything else could change them. */
import type { Node } from './syntax.ts';
import { readWord } from './word.ts';

/** Statements that set variables in ways of their own. */
const setters =
  /^(?:read|mapfile|readarray|getopts|printf|export|declare|typeset|local|readonly|unset|let|source|\.|eval)$/;

/** Value by name; null: it is set, but to what is not known. */
export function assignmentsOf(root: Node, text: string, home: string): Map<string, string | null> {
  const values = new Map<string, string | null>();
  const isLoose = root.descendantsOfType('command_name').some((node) => node && setters.test(node.text));
  for (const node of root.descendantsOfType('variable_assignment')) {
    const name = node?.childForFieldName('name')?.text;
    if (!node || !name) continue;
    const value = node.childForFieldName('value');
    const isPlain =
      !isLoose && !values.has(name) && isAtTop(node) && !text.slice(node.startIndex, node.endIndex).includes('+=');
    const word = value && isPlain ? readWord(value, text, { variables: values, home, cwd: null }) : null;
    values.set(name, word?.kind === 'literal' ? word.text : null);
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
      if (name && (node?.type !== 'expansion' || /[:=?+-]/.test(node.text))) values.set(name.text, null);
  }
  return values;
}

const isAtTop = ({ parent }: Node): boolean =>
  parent?.type === 'program' || (parent?.type === 'variable_assignments' && parent.parent?.type === 'program');
