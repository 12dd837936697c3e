/** The functions that a script defines, and whether a call of one runs it and nothing else. */
import type { Input } from './call.ts';
import type { Node } from './syntax.ts';
import { type Cwds, stay, type Where } from './where.ts';
import type { Word } from './word.ts';

/** Special to a POSIX shell: there they win over a function of that name. */
const special =
  /^(?:break|continue|eval|exec|exit|export|readonly|return|set|shift|source|times|trap|unset|declare|typeset|local)$/;
/** Run in the shell itself they may take a function away, or put another in its place. */
const removers = /^(?:unset|eval|source|\.|trap|enable|alias|mapfile|readarray)$/;
const prefixes = /^(?:command|builtin|time|coproc|-.*)$/;

export interface FunctionOptions {
  root: Node;
  /** Words of a command as far as they are known. */
  wordsOf(command: Node): readonly Word[];
  /** It is the text of a shell that may be another one than bash. */
  isForeign: boolean;
}

export class Functions {
  readonly #bodies = new Map<string, Node[]>();
  /** From where in the text a call is surely one of the function. */
  readonly #sureFrom = new Map<string, number>();

  /** Bodies, by where they begin. */
  readonly #walking = new Set<number>();
  readonly #walked = new Map<string, Where>();

  constructor({ root, wordsOf, isForeign }: FunctionOptions) {
    for (const node of root.descendantsOfType('function_definition')) {
      const body = node?.childForFieldName('body');
      const name = node?.childForFieldName('name')?.text ?? '';
      if (!node || !body) continue;
      const others = this.#bodies.get(name) ?? [];
      this.#bodies.set(name, [...others, body]);
      const isPlain = /^[A-Za-z_][\w-]*$/.test(name) && !special.test(name);
      const isAlone = others.length === 0 && isPlain && isAtTop(node) && !(isForeign && /^function\b/.test(node.text));
      if (isAlone) this.#sureFrom.set(name, node.startIndex);
      else this.#sureFrom.delete(name);
    }
    if (this.#sureFrom.size > 0 && mayRemove(root, wordsOf)) this.#sureFrom.clear();
  }

  /** What comes of a body is the same for the same place and input. Null: it is walked right now, it calls itself. */
  once(body: Node, from: { cwds: Cwds; input: Input }, walk: () => Where): Where | null {
    if (this.#walking.has(body.startIndex)) return null;
    const key = JSON.stringify([body.startIndex, from]);
    const known = this.#walked.get(key);
    if (known) return known;
    this.#walking.add(body.startIndex);
    // It may return from anywhere.
    const where = stay(walk().after);
    this.#walking.delete(body.startIndex);
    this.#walked.set(key, where);
    return where;
  }

  get isEmpty(): boolean {
    return this.#bodies.size === 0;
  }

  /** Whatever a call of that name may run beside the program. */
  bodiesOf(name: string): readonly Node[] {
    return this.#bodies.get(name) ?? [];
  }

  /** Defined once, at the top, before the call at `index`, and nothing takes it away: the program of that name does not run. */
  isSure(name: string, index: number): boolean {
    const from = this.#sureFrom.get(name);
    return from !== undefined && from < index;
  }
}

/** In the shell itself, whatever else happens. */
const isAtTop = ({ parent, nextSibling }: Node): boolean => parent?.type === 'program' && nextSibling?.type !== '&';

function mayRemove(root: Node, wordsOf: FunctionOptions['wordsOf']): boolean {
  return root.descendantsOfType(['command', 'unset_command']).some((node) => {
    if (node?.type !== 'command') return node !== null;
    const [first, second] = wordsOf(node);
    if (first?.text === 'command' && /^-\w*[vV]/.test(second?.text ?? '')) return false;
    const program = wordsOf(node).find(({ text, kind }) => kind !== 'literal' || !prefixes.test(text));
    return program !== undefined && (program.kind !== 'literal' || removers.test(program.text));
  });
}
