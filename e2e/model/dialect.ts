/** One model API as the scripted provider speaks it: how requests read, and how an answer is streamed. */
import type { Asked, ScriptUsage } from './script.ts';

export interface Tool {
  name: string;
  /** JSON Schema of its input; null for one that takes free text. */
  schema: Record<string, unknown> | null;
}

export interface Request extends Asked {
  tools: readonly Tool[];
  isStream: boolean;
  /** Chat completions: a stream tells its usage only to who asks. */
  wantsUsage?: boolean;
}

/** Writes one answer piece by piece. Every call returns the bytes that go out now. */
export interface Voice {
  start(): string;
  text(delta: string, isFirst: boolean): string;
  reasoning(text: string): string;
  /** `input` as the tool takes it: an object, or free text. */
  call(name: string, input: Record<string, unknown> | string): string;
  end(usage: ScriptUsage): string;
  /** The whole answer as one JSON document, for a request that asked for no stream. Called after `end`. */
  whole(): unknown;
}

export interface Dialect {
  /** `application/json` body as it came. */
  read(body: Record<string, unknown>): Request;
  /** `usage` is known from the start: some APIs report what went in before anything comes out. */
  voice(request: Request, usage: ScriptUsage): Voice;
  /** An error in this API's own shape. */
  error(status: number, message: string): unknown;
}

export const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
export const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
export const asText = (value: unknown): string => (typeof value === 'string' ? value : '');

/** All text of a message's content: a string, or parts that carry text, content or output. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return asList(content)
    .map((part) => {
      const { text, content: inner, output } = asRecord(part);
      return asText(text) || asText(output) || textOf(inner);
    })
    .join('\n');
}

export const event = (data: Record<string, unknown>): string =>
  `event: ${String(data.type)}\ndata: ${JSON.stringify(data)}\n\n`;
