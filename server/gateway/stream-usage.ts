/**
 * Has a streamed chat completion tell its tokens, and keeps from the client the one event that only we asked for.
 * Source: https://platform.openai.com/docs/api-reference/chat/create (stream_options). Pure; knows no socket.
 */

type Json = Record<string, unknown>;
const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const option = '"stream_options":{"include_usage":true}';
const lineFeed = 10;
const openBrace = 123;

/** `body` (`json` is what it parses to) with usage asked for; null where it is no stream, asks already, or is not ours to judge. */
export function withUsageAsked(body: Buffer, json: unknown): Buffer | null {
  if (!isRecord(json) || json.stream !== true) return null;
  const { stream_options: options } = json;
  if (options === undefined) {
    // Put in, not written anew: every other byte is as the client wrote it, numbers above 2^53 too.
    const at = body.indexOf(openBrace) + 1;
    return Buffer.concat([body.subarray(0, at), Buffer.from(`${option},`), body.subarray(at)]);
  }
  if (options !== null && !isRecord(options)) return null;
  if (options?.include_usage === true) return null;
  return Buffer.from(JSON.stringify({ ...json, stream_options: { ...options, include_usage: true } }));
}

/** An event that tells usage and nothing else. One whose `usage` is null, or that has a choice too, is the client's. */
function isUsageOnly(line: Buffer): boolean {
  const text = line.toString('utf8');
  if (!text.startsWith('data:') || !/"usage"\s*:\s*\{/.test(text)) return false;
  try {
    const { choices, usage } = JSON.parse(text.slice('data:'.length)) as Json;
    return Array.isArray(choices) && choices.length === 0 && isRecord(usage);
  } catch {
    // No JSON is the client's to judge.
    return false;
  }
}

const isBlank = (line: Buffer): boolean => line.length <= 2 && (line[0] === lineFeed || line[1] === lineFeed);
const none = Buffer.alloc(0);

/** A line is held back up to this size; a longer one is passed on unread. In bytes. */
const maxLineBytes = 1024 * 1024;

/** Takes usage events out of an event stream. Whole lines pass at once; of an unfinished one nothing could be read anyway. */
export class UsageFilter {
  #rest: Buffer = none;
  /** Within a line that was too long. */
  #isPassing = false;
  /** The blank line that ended a dropped event is dropped too. */
  #isAfterDrop = false;

  /** What of the stream may go out now; empty: nothing yet. */
  push(chunk: Buffer): Buffer {
    const all = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    const end = all.lastIndexOf(lineFeed) + 1;
    this.#rest = all.subarray(end);
    const whole = this.#lines(all.subarray(0, end));
    this.#isPassing = this.#rest.length > maxLineBytes || (this.#isPassing && end === 0);
    return this.#isPassing ? Buffer.concat([whole, this.end()]) : whole;
  }

  /** The stream has ended: what was held back. */
  end(): Buffer {
    const rest = this.#rest;
    this.#rest = none;
    return rest;
  }

  /** `lines` ends with a line feed, or is empty. */
  #lines(lines: Buffer): Buffer {
    if (!this.#isAfterDrop && !lines.includes('"usage"')) return lines;
    const kept: Buffer[] = [];
    for (let from = 0; from < lines.length; ) {
      const to = lines.indexOf(lineFeed, from) + 1;
      const line = lines.subarray(from, to);
      from = to;
      if (this.#isAfterDrop && isBlank(line)) {
        this.#isAfterDrop = false;
        continue;
      }
      this.#isAfterDrop = isUsageOnly(line);
      if (!this.#isAfterDrop) kept.push(line);
    }
    return Buffer.concat(kept);
  }
}
