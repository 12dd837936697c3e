/** Which variables surely hold nothing but a number, wherever in the script they are read. */
import { isLoose } from './assignment.ts';
import type { Node } from './syntax.ts';

export type Counters = ReadonlySet<string>;

/** Bash itself keeps numbers in these. */
const own = ['RANDOM', 'SRANDOM', 'SECONDS', 'LINENO', 'EPOCHSECONDS', 'BASHPID', 'PPID', 'UID', 'EUID', 'OPTIND'];

const isNumber = (node: Node | null): boolean => node !== null && /^(?:0|[1-9]\d*)$/.test(node.text);

/** Names that are set to numbers only: `i=0`, `for ((i=0; …`, `for i in 1 2 3`, and the sums made of them. */
export function countersOf(root: Node): Counters {
  const counters = new Set(own);
  if (isLoose(root)) return counters;
  const others = new Set<string>();
  const set = (name: string | undefined, isCounter: boolean) => {
    if (name !== undefined) (isCounter ? counters : others).add(name);
  };
  for (const node of root.descendantsOfType('variable_assignment')) {
    const value = node?.childForFieldName('value') ?? null;
    set(node?.childForFieldName('name')?.text, isNumber(value) || value?.type === 'arithmetic_expansion');
  }
  for (const node of root.descendantsOfType('for_statement')) {
    const values = node?.childrenForFieldName('value') ?? [];
    set(node?.childForFieldName('variable')?.text, values.length > 0 && values.every(isNumber));
  }
  for (const node of root.descendantsOfType(['declaration_command', 'unset_command', 'expansion'])) {
    if (node?.type === 'expansion' && !/^\$\{\w+:?=/.test(node.text)) continue;
    for (const each of node?.descendantsOfType('variable_name') ?? []) set(each?.text, false);
  }
  for (const name of others) counters.delete(name);
  return counters;
}
