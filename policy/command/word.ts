/** One word of bash as the program will get it: decoded here by the rules of quoting, with what is only known later marked. */
import type { Node } from './syntax.ts';

export interface Word {
  /** Decoded; the source text where it is not known before it runs. */
  text: string;
  /** `glob`: names of files that match it; `unknown`: what a variable or a command will say. */
  kind: 'literal' | 'glob' | 'unknown';
  /** As it is written. */
  source: string;
}

/** A variable from where it is set, an index of the text: before that it is not known. */
export interface Known {
  /** Null: known to be unknown. */
  value: string | null;
  from: number;
  /** The value is a pattern: it is one of the names that match it. */
  isGlob?: boolean;
}

export interface Scope {
  /** Variables that the script sets. */
  variables: ReadonlyMap<string, Known>;
  home: string;
  /** Where the command runs; null: not known for sure. */
  cwd: string | null;
}

/** Nodes whose text is only known later, or by looking it up. */
const expansionTypes = new Set([
  'simple_expansion',
  'expansion',
  'command_substitution',
  'process_substitution',
  'arithmetic_expansion',
]);

interface Reading {
  text: string;
  isUnknown: boolean;
  isGlob: boolean;
}

/** Expansions in a node, outermost only, in order. */
function expansionsIn(node: Node): Node[] {
  if (expansionTypes.has(node.type)) return [node];
  return node.children.flatMap((child) => (child ? expansionsIn(child) : []));
}

/** The words that a node of the tree stands for: one, or several of a list in braces. */
export function readWords(node: Node, whole: string, scope: Scope): Word[] {
  const source = whole.slice(node.startIndex, node.endIndex);
  if (node.type === 'process_substitution') return [{ text: source, kind: 'unknown', source }];
  const listed = expandBraces(source);
  if (listed) return listed.map((text) => toWord(new Decoder(text, 0, [], scope).read(), text));
  const reading = new Decoder(whole.slice(0, node.endIndex), node.startIndex, expansionsIn(node), scope).read();
  return [toWord(hasBraces(source) ? { ...reading, isUnknown: true } : reading, source)];
}

/** The one word that a node stands for; several of them are not known. */
export function readWord(node: Node, whole: string, scope: Scope): Word {
  const words = readWords(node, whole, scope);
  const source = whole.slice(node.startIndex, node.endIndex);
  return words.length === 1 && words[0] ? words[0] : { text: source, kind: 'unknown', source };
}

function toWord({ text, isUnknown, isGlob }: Reading, source: string): Word {
  if (isUnknown) return { text: source, kind: 'unknown', source };
  return { text, kind: isGlob ? 'glob' : 'literal', source };
}

const unquoted = (source: string): string => source.replace(/\\.|'[^']*'|"(?:\\.|[^"\\])*"/gs, '');
/** A list or a range that bash would take apart. */
const hasBraces = (source: string): boolean => /\{[^{}]*(?:,|\.\.)[^{}]*\}/s.test(unquoted(source));

/** `a{b,c}d`, of plain characters only. */
function expandBraces(source: string): string[] | null {
  const match = /^([\w./@:+=-]*)\{([\w./@:+=-]*(?:,[\w./@:+=-]*)+)\}([\w./@:+=-]*)$/.exec(source);
  if (!match || match[2]?.includes('..')) return null;
  const [, before = '', list = '', after = ''] = match;
  return list.split(',').map((item) => before + item + after);
}

const simpleEscapes: Readonly<Record<string, string>> = {
  ...{ a: '\x07', b: '\b', e: '\x1b', E: '\x1b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' },
  ...{ '\\': '\\', "'": "'", '"': '"', '?': '?' },
};

/** Reads from `start` to the end of `text`; `expansions` are the nodes that begin there. */
class Decoder {
  readonly #text: string;
  readonly #start: number;
  readonly #expansions: Map<number, Node>;
  readonly #scope: Scope;
  #at: number;
  #out = '';
  #isUnknown = false;
  #isGlob = false;

  constructor(text: string, start: number, expansions: readonly Node[], scope: Scope) {
    this.#text = text;
    this.#start = start;
    this.#at = start;
    this.#expansions = new Map(expansions.map((node) => [node.startIndex, node]));
    this.#scope = scope;
  }

  read(): Reading {
    this.#tilde();
    while (this.#at < this.#text.length) this.#step();
    return { text: this.#out, isUnknown: this.#isUnknown, isGlob: this.#isGlob };
  }

  #tilde(): void {
    const match = /^~([^/\\'"$`]*)(?=\/|$)/.exec(this.#text.slice(this.#start));
    if (!match) return;
    if (match[1] !== '') this.#isUnknown = true;
    this.#out += this.#scope.home;
    this.#at += match[0].length;
  }

  #step(): void {
    const char = this.#text[this.#at] ?? '';
    const expansion = this.#expansions.get(this.#at);
    if (expansion) return this.#expand(expansion, false);
    if (char === '\\') return this.#escape();
    if (char === "'") return this.#single();
    if (char === '"') return this.#double();
    if (char === '$' && this.#text[this.#at + 1] === "'") return this.#ansi();
    if (char === '$' && this.#text[this.#at + 1] === '"') {
      this.#at += 1;
      return this.#double();
    }
    // Nothing that bash reads otherwise may stand here on its own.
    if ('*?['.includes(char)) this.#isGlob = true;
    else if ('`$;&|<>() \t\n'.includes(char)) this.#isUnknown = this.#isUnknown || char !== '$' || this.#isName();
    this.#out += char;
    this.#at += 1;
  }

  /** What follows a `$` makes it an expansion, which the parser did not see. */
  #isName = (): boolean => /^[\w{(@*#?!$-]/.test(this.#text.slice(this.#at + 1, this.#at + 2));

  #escape(): void {
    const next = this.#text[this.#at + 1];
    if (next === undefined) this.#isUnknown = true;
    else if (next !== '\n') this.#out += next;
    this.#at += 2;
  }

  #single(): void {
    const end = this.#text.indexOf("'", this.#at + 1);
    if (end < 0) this.#isUnknown = true;
    this.#out += this.#text.slice(this.#at + 1, end < 0 ? undefined : end);
    this.#at = end < 0 ? this.#text.length : end + 1;
  }

  #double(): void {
    this.#at += 1;
    while (this.#at < this.#text.length && this.#text[this.#at] !== '"') {
      const char = this.#text[this.#at] ?? '';
      const expansion = this.#expansions.get(this.#at);
      if (expansion) this.#expand(expansion, true);
      else if (char === '\\') this.#escapeInDouble();
      else {
        if (char === '`' || (char === '$' && this.#isName())) this.#isUnknown = true;
        this.#out += char;
        this.#at += 1;
      }
    }
    if (this.#at >= this.#text.length) this.#isUnknown = true;
    this.#at += 1;
  }

  #escapeInDouble(): void {
    const next = this.#text[this.#at + 1] ?? '';
    if (next === '\n') this.#out += '';
    else this.#out += '$`"\\'.includes(next) ? next : `\\${next}`;
    this.#at += 2;
  }

  #ansi(): void {
    this.#at += 2;
    while (this.#at < this.#text.length && this.#text[this.#at] !== "'") {
      const rest = this.#text.slice(this.#at, this.#at + 12);
      const match =
        /^\\x([0-9a-fA-F]{1,2})/.exec(rest) ??
        /^\\u([0-9a-fA-F]{1,4})/.exec(rest) ??
        /^\\U([0-9a-fA-F]{1,8})/.exec(rest);
      const octal = /^\\([0-7]{1,3})/.exec(rest);
      if (match?.[1]) this.#point(Number.parseInt(match[1], 16), match[0].length);
      else if (octal?.[1]) this.#point(Number.parseInt(octal[1], 8) & 0xff, octal[0].length);
      else if (rest[0] === '\\') this.#simple(rest[1] ?? '');
      else {
        this.#out += rest[0] ?? '';
        this.#at += 1;
      }
    }
    if (this.#at >= this.#text.length) this.#isUnknown = true;
    this.#at += 1;
  }

  /** Bytes above ASCII are parts of characters: what they make is not looked into. */
  #point(code: number, length: number): void {
    if (code === 0 || code > 0x7e) this.#isUnknown = true;
    else this.#out += String.fromCharCode(code);
    this.#at += length;
  }

  #simple(char: string): void {
    const value = simpleEscapes[char];
    if (value === undefined) this.#isUnknown = true;
    this.#out += value ?? '';
    this.#at += 2;
  }

  #expand(node: Node, isQuoted: boolean): void {
    const { value, isGlob = false } = this.#valueOf(node);
    // A name that matches may hold a blank.
    if (isGlob && !isQuoted) this.#isUnknown = true;
    this.#isGlob ||= isGlob;
    // Without quotes a value is split into words, and its stars are matched.
    if (value === null || (!isQuoted && !/^[^\s*?[\]\\]+$/.test(value))) this.#isUnknown = true;
    this.#out += value ?? '';
    this.#at = node.endIndex;
  }

  #valueOf({ type, text, startIndex }: Node): Pick<Known, 'isGlob' | 'value'> {
    const match = type === 'simple_expansion' || type === 'expansion' ? /^\$\{?([A-Za-z_]\w*)\}?$/.exec(text) : null;
    const name = match?.[1];
    if (name === undefined) return { value: null };
    const { variables, home, cwd } = this.#scope;
    const known = variables.get(name);
    if (known !== undefined) return startIndex >= known.from ? known : { value: null };
    if (name === 'HOME') return { value: home };
    return { value: name === 'PWD' ? cwd : null };
  }
}
