/** What a tool is given, as the log keeps it: a digest of all of it, and the beginning of a form to be read. Pure. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '#protocol/canonical-json.ts';
import { maxInputText, type ToolInput } from '#protocol/turn-event.ts';
import { storable } from '../bounded-text.ts';

/** `whole` decides about the digest; `text` is what people read of it. */
export const toolInput = (whole: unknown, text: string): ToolInput => ({
  digest: createHash('sha256').update(canonicalJson(whole)).digest('hex'),
  text: storable(text, maxInputText),
  left: Math.max(0, text.length - maxInputText),
});

/** The one request that an input says; none where it says none. What may send something along is of a method that is not known. */
export function requestOf(input: unknown): { request?: { method: string | null; url: string } } {
  const fields = typeof input === 'object' && input !== null ? (input as Record<string, unknown>) : {};
  const { url, method, body, data } = fields;
  if (typeof url !== 'string' || !/^https?:\/\//i.test(url)) return {};
  if (typeof method === 'string') return { request: { method: method.toUpperCase().slice(0, 40), url } };
  const isPlain = [method, body, data].every((each) => each === undefined);
  return { request: { method: isPlain ? 'GET' : null, url } };
}

/** The input of a tool under names that harnesses know. */
export interface NamedInput {
  input: unknown;
  /** Fields that need not be read as JSON: the command, and what `changes` are made of. */
  shown?: readonly string[];
  /** Diffs. */
  changes?: readonly string[];
}

/** Its changes, and as JSON what stands beside them. */
export function readable({ input, shown = [], changes = [] }: NamedInput): string {
  const isNamed = typeof input === 'object' && input !== null && !Array.isArray(input);
  const rest = isNamed ? Object.entries(input).filter(([name]) => !shown.includes(name)) : [];
  const others = isNamed ? Object.fromEntries(rest) : (input ?? null);
  const isEmpty = isNamed && rest.length === 0;
  return [...changes, ...(isEmpty ? [] : [JSON.stringify(others, null, 2)])].join('\n');
}
