/** Redirections: which files they open, and what they give a program to read. */
import { isHarmlessDevice } from '../path.ts';
import type { Input } from './call.ts';
import type { Collector } from './collector.ts';
import type { Node } from './syntax.ts';
import { readWord, type Scope } from './word.ts';

export interface Redirection {
  node: Node;
  text: string;
  scope: Scope;
  cwds: readonly string[] | null;
  collector: Collector;
}

/** States the file it opens; true when that is written. */
export function redirect({ node, text, scope, cwds, collector }: Redirection): boolean {
  if (node.type !== 'file_redirect') return false;
  const target = node.childForFieldName('destination');
  const operator = node.children.find((child) => child && !child.isNamed)?.type ?? '';
  if (/^\d*[<>]&-$/.test(node.text)) return false;
  if (!target) {
    collector.unclear('where a redirection leads is not known');
    return false;
  }
  const isCopy = operator.endsWith('&') && operator !== '&';
  if (isCopy && /^(?:\d+|-)$/.test(target.text)) return false;
  const word = readWord(target, text, scope);
  const dev = /^\/dev\/(?:tcp|udp)\/([^/]+)/.exec(word.text);
  if (dev?.[1]) {
    collector.host(dev[1].toLowerCase());
    collector.unclear('a redirection opens a connection');
    return true;
  }
  const isReading = operator === '<' || operator === '<&';
  if (word.kind === 'literal' && isHarmlessDevice(word.text)) return false;
  collector.path(word, isReading ? 'read' : 'write', cwds, true);
  return !isReading;
}

/** What a here-document or a here-string gives; null when nothing does. */
export function inputOf(redirections: readonly Node[], text: string): Input | null {
  let input: Input | null = null;
  for (const node of redirections) {
    // Another descriptor than the first is not what the program reads.
    if (!/^0?$/.test(node.childForFieldName('descriptor')?.text ?? '')) continue;
    if (node.type === 'file_redirect' && node.children.some((child) => child?.type.startsWith('<')))
      input = { kind: 'unknown' };
    if (node.type === 'herestring_redirect') {
      const value = node.namedChildren.find((child) => child?.type !== 'file_descriptor');
      const word = value ? readWord(value, text, { variables: new Map(), home: '', cwd: null }) : null;
      input = word?.kind === 'literal' ? { kind: 'text', text: word.text } : { kind: 'unknown' };
    }
    if (node.type === 'heredoc_redirect') {
      const body = node.namedChildren.find((child) => child?.type === 'heredoc_body');
      const isPlain = body?.namedChildren.every((child) => child?.type === 'heredoc_content');
      input = body && isPlain && !body.text.includes('\\') ? { kind: 'text', text: body.text } : { kind: 'unknown' };
    }
  }
  return input;
}
