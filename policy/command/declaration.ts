/** `declare`, `export`, `unset` and their like: what they show, and which names they set in ways that do not show. */
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
  /** The words of it that are no assignments. */
  rest: readonly Word[];
  collector: Collector;
  /** Where the command is stated. */
  place: { cwd: string | null; via: readonly string[] };
}

/** `export -p` prints every variable; `-i` counts values, `-n` makes names of them. */
export function declare({ node, rest, collector, place }: Declaration): void {
  const { text = 'declare' } = node.children[0] ?? {};
  for (const child of node.namedChildren) {
    if (child?.type === 'variable_assignment') assigned(child, collector);
    else if (child?.type === 'variable_name' && isDangerousVariable(child.text))
      collector.unclear(`${child.text} changes what programs do`);
  }
  for (const word of rest) {
    const isFlag = word.text.startsWith('-') && /^-[aAfFglprux]+$/.test(word.text);
    const isPlain = word.kind === 'literal' && (isFlag || (isName(word.text) && !isDangerousVariable(word.text)));
    const isRemoved = text === 'unset' && /^-[fv]$/.test(word.text);
    if (!isPlain && !isRemoved) collector.unclear(`${text} ${word.source} is not looked into`);
  }
  const isShowing = node.namedChildren.length === 0 || rest.some((word) => /^-\w*p/.test(word.text));
  collector.command({
    ...{ program: text, argv: [text, ...rest.map((word) => word.text)], unknown: [] },
    ...{ effect: isShowing ? 'unknown' : 'read', cwd: place.cwd, via: [...place.via] },
  });
  if (isShowing) collector.unclear(`${text} shows every variable`);
}
