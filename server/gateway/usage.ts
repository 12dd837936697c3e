/** Tokens of one model call, read from the answer as it streams by. Knows APIs, no money and no session. */
import { StringDecoder } from 'node:string_decoder';

/** Tokens by kind; `inputTokens` are those that came neither from a cache nor went into one. */
export interface CallUsage {
  inputTokens: number;
  cacheReadTokens: number;
  cacheWrite5mTokens: number;
  cacheWrite1hTokens: number;
  outputTokens: number;
}

export type ApiName = 'anthropic' | 'responses' | 'chat';

type Json = Record<string, unknown>;
const asRecord = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});
const count = (value: unknown): number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;

/** Source: https://docs.anthropic.com/en/api/messages (usage). Later reports add to and correct earlier ones. */
function anthropicUsage(usage: Json, earlier: CallUsage | null): CallUsage {
  const writes = asRecord(usage.cache_creation);
  // The last report tells how much was written, and not for how long.
  const hourly =
    'ephemeral_1h_input_tokens' in writes
      ? count(writes.ephemeral_1h_input_tokens)
      : (earlier?.cacheWrite1hTokens ?? 0);
  const written = count(usage.cache_creation_input_tokens);
  const has = (name: string) => typeof usage[name] === 'number';
  return {
    inputTokens: has('input_tokens') ? count(usage.input_tokens) : (earlier?.inputTokens ?? 0),
    cacheReadTokens: has('cache_read_input_tokens')
      ? count(usage.cache_read_input_tokens)
      : (earlier?.cacheReadTokens ?? 0),
    cacheWrite5mTokens: has('cache_creation_input_tokens')
      ? Math.max(0, written - hourly)
      : (earlier?.cacheWrite5mTokens ?? 0),
    cacheWrite1hTokens: has('cache_creation_input_tokens') ? hourly : (earlier?.cacheWrite1hTokens ?? 0),
    outputTokens: has('output_tokens') ? count(usage.output_tokens) : (earlier?.outputTokens ?? 0),
  };
}

/** OpenAI counts cached tokens into the input; here each token has one kind. */
function openAiUsage(input: unknown, cached: unknown, output: unknown): CallUsage {
  const cacheReadTokens = count(cached);
  return {
    inputTokens: Math.max(0, count(input) - cacheReadTokens),
    cacheReadTokens,
    cacheWrite5mTokens: 0,
    cacheWrite1hTokens: 0,
    outputTokens: count(output),
  };
}

/** Usage in one event or whole answer of an API; the earlier one where it holds none. `isLast`: nothing follows it. */
function readUsage(api: ApiName, json: Json, earlier: CallUsage | null): { usage: CallUsage | null; isLast: boolean } {
  if (api === 'anthropic') {
    const usage = asRecord(json.type === 'message_start' ? asRecord(json.message).usage : json.usage);
    const isLast = json.type === 'message_stop' || json.type === 'message';
    return { usage: Object.keys(usage).length > 0 ? anthropicUsage(usage, earlier) : earlier, isLast };
  }
  const holder = api === 'responses' && json.response ? asRecord(json.response) : json;
  const usage = asRecord(holder.usage);
  if (Object.keys(usage).length === 0) return { usage: earlier, isLast: false };
  const details = asRecord(usage.input_tokens_details ?? usage.prompt_tokens_details);
  const read = openAiUsage(
    usage.input_tokens ?? usage.prompt_tokens,
    details.cached_tokens,
    usage.output_tokens ?? usage.completion_tokens,
  );
  return { usage: read, isLast: true };
}

/** Chat completions say `"usage":null` with every piece of text: only an object is read. */
const usageObject = /"usage"\s*:\s*\{/;

/** An event is held back for reading up to this size; a longer one is passed on unread. In characters. */
const maxEventLength = 16 * 1024 * 1024;

/** Reads what passes: `push` every piece of the body, then ask for `usage` and `isComplete`. */
export class UsageMeter {
  readonly #api: ApiName;
  readonly #isStream: boolean;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  #isTooLong = false;
  usage: CallUsage | null = null;
  /** The answer came to its own end, with its final usage. */
  isComplete = false;

  constructor(api: ApiName, isStream: boolean) {
    this.#api = api;
    this.#isStream = isStream;
  }

  push(chunk: Buffer): void {
    const text = this.#rest + this.#decoder.write(chunk);
    if (!this.#isStream) {
      this.#keep(text);
      return;
    }
    const lines = text.split('\n');
    this.#keep(lines.pop() ?? '');
    for (const line of lines) this.#line(line);
  }

  /** The body has ended. */
  end(): void {
    if (this.#isTooLong) return;
    if (this.#isStream) this.#line(this.#rest);
    else this.#read(this.#rest);
    this.#rest = '';
  }

  #keep(rest: string): void {
    this.#isTooLong ||= rest.length > maxEventLength;
    this.#rest = this.#isTooLong ? '' : rest;
  }

  #line(line: string): void {
    if (!line.startsWith('data:')) return;
    const isOfInterest = usageObject.test(line) || line.includes('"message_stop"');
    if (isOfInterest) this.#read(line.slice('data:'.length));
  }

  #read(text: string): void {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      // Whatever is no JSON is the client's to judge; here it only means that nothing is known of its cost.
      return;
    }
    const { usage, isLast } = readUsage(this.#api, asRecord(json), this.usage);
    this.usage = usage;
    this.isComplete ||= isLast && usage !== null;
  }
}
