/** Kinds of nodes in a syntax tree, by how a script is walked, and what hangs at them. */
import type { Node } from './tree.ts';

/** Statements whose parts are walked one after the other, each from where it starts. */
export const blocks = new Set([
  'compound_statement',
  'do_group',
  'else_clause',
  'elif_clause',
  'case_item',
  'if_statement',
  'program',
]);
export const loops = new Set(['for_statement', 'while_statement', 'c_style_for_statement', 'case_statement']);
/** Parts that run nothing by themselves. */
export const quiet = new Set([
  'comment',
  'variable_name',
  'word',
  'string',
  'raw_string',
  'number',
  'concatenation',
  'extglob_pattern',
]);
/** Side by side they are one word. */
export const wordTypes: ReadonlySet<string> = new Set([
  'word',
  'string',
  'raw_string',
  'ansi_c_string',
  'translated_string',
  'number',
  'concatenation',
  'simple_expansion',
  'expansion',
  'command_substitution',
  'process_substitution',
  'arithmetic_expansion',
  'brace_expression',
]);
export const words: ReadonlySet<string> = new Set([...wordTypes, 'extglob_pattern']);
/** Of these the last one's success is that of all. */
export const inTurn = new Set(['compound_statement', 'do_group', 'program']);
/** What does something: each must be come by. */
export const acting = ['command', 'file_redirect', 'heredoc_redirect', 'herestring_redirect'];
/** Behind a here-document's operator the parser hangs the next redirection below it. */
export function redirectionsOf(node: Node): Node[] {
  const own = node.childrenForFieldName('redirect').filter((child) => child !== null);
  return own.flatMap((each) => (each.type === 'heredoc_redirect' ? [each, ...redirectionsOf(each)] : [each]));
}

export const keyOf = ({ type, startIndex, endIndex }: Node): string => `${type} ${startIndex} ${endIndex}`;

/** A text that a test holds against another, or looks whether it is empty. */
export const isCompared = ({ parent }: Node): boolean =>
  parent?.type.endsWith('_expression') === true &&
  parent.children.some((each) => each && /^(?:-[nz]|==?|!=|=~|<|>|-(?:eq|ne|lt|le|gt|ge))$/.test(each.text));
