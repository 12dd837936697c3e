/** Bash text as a syntax tree, with what its parser gets wrong found again. Knows no command. */
import { Language, type Node, Parser } from 'web-tree-sitter';

export type { Node } from 'web-tree-sitter';

/** Longer text is not parsed, in characters. */
const maxText = 65_536;
/** What may be hidden from a reader, or is read otherwise by a shell: NUL, CR, bidi and zero-width characters. */
const hidden = /[\0\r\p{Surrogate}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u;
/** Between two words of a command stand blanks; a continued line counts only beside one. */
const blanks = /^(?:[ \t]|\\\n(?=[ \t]|$)|(?<=[ \t])\\\n)+$/;

export type Syntax = { root: Node; dispose(): void } | { problem: string };

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

  /** A tree without errors, or what is wrong with the text. Whoever gets a tree disposes of it. */
  parse(text: string): Syntax {
    if (text.length > maxText) return { problem: `longer than ${maxText} characters` };
    if (hidden.test(text)) return { problem: 'it holds characters that do not show' };
    const tree = this.#parser.parse(text);
    if (!tree) return { problem: 'it cannot be parsed' };
    const root = tree.rootNode;
    if (root.hasError || !areWordsApart(root, text)) {
      tree.delete();
      return { problem: root.hasError ? 'its syntax is not understood' : 'its words are not told apart for sure' };
    }
    return { root, dispose: () => tree.delete() };
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

const isRedirect = ({ type }: Node): boolean => type.endsWith('_redirect');
/** `[[ a && b ]]`: brackets and operators need no blanks that matter. */
const isTestToken = ({ isNamed, parent }: Node): boolean => !isNamed && parent?.type !== 'command';
