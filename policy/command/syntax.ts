/** Bash text as a syntax tree, with what its parser gets wrong found again. Knows no command. */
import { Language, Parser } from 'web-tree-sitter';
import { wordTypes } from './node-kind.ts';
import { copyTree, type Node } from './tree.ts';

export type { Node } from './tree.ts';

/** Longer text is not parsed, in characters. */
const maxText = 65_536;
/** What may be hidden from a reader, or is read otherwise by a shell: NUL, CR, bidi and zero-width characters. */
const hidden = /[\0\r\p{Surrogate}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u;
/** Between two words of a command stand blanks; a continued line counts only beside one. */
const blanks = /^(?:[ \t]|\\\n(?=[ \t])|(?<=[ \t])\\\n)+$/;

export type Syntax = { root: Node } | { problem: string };

export class ShellSyntax {
  readonly #parser: Parser;

  private constructor(parser: Parser) {
    this.#parser = parser;
  }

  /** `engine` is web-tree-sitter.wasm, `grammar` tree-sitter-bash.wasm. */
  static async load({ engine, grammar }: { engine: Uint8Array; grammar: Uint8Array }): Promise<ShellSyntax> {
    await Parser.init({ wasmBinary: engine });
    const parser = new Parser();
    parser.setLanguage(await Language.load(grammar));
    return new ShellSyntax(parser);
  }

  /** A tree without errors, or what is wrong with the text. */
  parse(text: string): Syntax {
    if (text.length > maxText) return { problem: `longer than ${maxText} characters` };
    if (hidden.test(text)) return { problem: 'it holds characters that do not show' };
    const tree = this.#parser.parse(text);
    if (!tree) return { problem: 'it cannot be parsed' };
    const hasError = tree.rootNode.hasError;
    const cursor = tree.walk();
    const root = hasError ? null : copyTree(cursor, text);
    cursor.delete();
    tree.delete();
    if (!root) return { problem: 'its syntax is not understood' };
    const isSure = areWordsApart(root, text) && isAllRead(root, text) && !isMisread(root, text);
    return isSure ? { root } : { problem: 'its words are not told apart for sure' };
  }
}

/** The parser splits some quoted words in two without an error: then nothing but the gap between them shows it. */
function areWordsApart(root: Node, text: string): boolean {
  for (const command of root.descendantsOfType(['command', 'declaration_command', 'unset_command', 'test_command'])) {
    let end: number | null = null;
    for (const child of command?.children ?? []) {
      if (!child) continue;
      const gap = end === null ? ' ' : text.slice(end, child.startIndex);
      if (!blanks.test(gap) && !isRedirect(child) && !isTestToken(child)) return false;
      if (!child.isNamed && !isTestToken(child) && command?.type === 'command') return false;
      end = child.endIndex;
    }
  }
  return true;
}

/** What stands between two tokens, outside of quotes: blanks, lines, and a continued line beside one. */
const between = /^(?:[ \t\n]|\\\n(?=[ \t\n])|(?<=[ \t\n])\\\n)*$/;
const quoting = new Set([
  'string',
  'heredoc_body',
  'heredoc_redirect',
  'regex',
  'expansion',
  'arithmetic_expansion',
  'test_command',
]);

/** No character is left out of the tree: the parser drops some escaped blanks without an error. */
function isAllRead(root: Node, text: string): boolean {
  let end = 0;
  for (const leaf of root.leaves()) {
    if (leaf.startIndex > end && !between.test(text.slice(end, leaf.startIndex)) && !isQuoted(leaf)) return false;
    end = Math.max(end, leaf.endIndex);
  }
  return between.test(text.slice(end));
}

function isQuoted(node: Node): boolean {
  for (let at = node.parent; at; at = at.parent) {
    if (quoting.has(at.type)) return true;
    if (at.type === 'command') return false;
  }
  return false;
}

const heredocParts = /^(?:file_descriptor|heredoc_(?:start|body|end)|file_redirect|pipeline|command|list)$/;

/**
 * What else the parser reads otherwise than bash: backslashes in backticks, which bash takes away before it reads them; words
 * behind the target of a redirection; here-documents whose lines stand where words do, or whose end is none to bash.
 */
function isMisread(root: Node, text: string): boolean {
  const ticks = root
    .descendantsOfType('command_substitution')
    .some((node) => node?.text.startsWith('`') && node.text.includes('\\'));
  const isCrowded = root
    .descendantsOfType('file_redirect')
    .some((node) => node && node.childrenForFieldName('destination').length > 1);
  return (
    ticks ||
    isCrowded ||
    areWordsTouching(root) ||
    root.descendantsOfType('heredoc_redirect').some((node) => node && isOddHeredoc(node, text))
  );
}

/** Two words side by side without anything between them are one to bash. */
function areWordsTouching(root: Node): boolean {
  const open = [root];
  for (let node = open.pop(); node; node = open.pop()) {
    let before: Node | null = null;
    for (const child of node.children) {
      const isTouching = before?.endIndex === child.startIndex && !wordTypes.has(node.type);
      if (isTouching && before && wordTypes.has(before.type) && wordTypes.has(child.type)) return true;
      open.push(child);
      before = child;
    }
  }
  return false;
}

function isOddHeredoc(node: Node, text: string): boolean {
  const end = node.namedChildren.find((child) => child?.type === 'heredoc_end');
  const isKnown = node.namedChildren.every((child) => child && heredocParts.test(child.type));
  return (
    !isKnown || !end || !/^(?:\n|$)/.test(text.slice(end.endIndex)) || node.childrenForFieldName('argument').length > 0
  );
}

const isRedirect = ({ type }: Node): boolean => type.endsWith('_redirect');
/** `[[ a && b ]]`: brackets and operators need no blanks that matter. */
const isTestToken = (node: Node): boolean => !node.isNamed && node.parent?.type !== 'command';
