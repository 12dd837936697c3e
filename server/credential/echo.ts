/** Keeps a credential from coming back in an answer: upstreams that show what they were sent exist. Pure. */
import type { IncomingHttpHeaders } from 'node:http';
import type { SecretUse } from '#protocol/secret.ts';

/** A shorter value would be found in what has nothing to do with it. In characters. */
const minLength = 8;

/** The forms in which a value is looked for: as it is, as it was sent, and as JSON and addresses spell it. */
function formsOf(use: SecretUse, value: string): Buffer[] {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const forms = [value, base64(value), JSON.stringify(value).slice(1, -1), encodeURIComponent(value)];
  if (use.kind === 'basic') forms.push(base64(`${use.user}:${value}`));
  const bare = forms.map((form) => form.replace(/=+$/, ''));
  return [...new Set(bare)].filter((form) => form.length >= minLength).map((form) => Buffer.from(form));
}

/** The answer holds the credential. */
export class Echoed extends Error {}

/** Looks through one answer: its headers, then its body piece by piece. */
export class EchoGuard {
  readonly #forms: Buffer[];
  /** The end of what came that may be the beginning of a credential. */
  #held: Buffer = Buffer.alloc(0);

  constructor(use: SecretUse, value: string) {
    this.#forms = value.length < minLength ? [] : formsOf(use, value);
  }

  /** Throws `Echoed`. */
  checkHeaders(headers: IncomingHttpHeaders): void {
    for (const value of Object.values(headers)) {
      if (value !== undefined) this.#refuse(Buffer.from([value].flat().join('\n')));
    }
  }

  /** What of the body may go on now; mostly all of it. Throws `Echoed`. */
  push(chunk: Buffer): Buffer {
    const text = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#refuse(text);
    const hold = Math.max(0, ...this.#forms.map((form) => beginningAtEnd(text, form)));
    this.#held = text.subarray(text.length - hold);
    return text.subarray(0, text.length - hold);
  }

  /** The last of the body. */
  end(): Buffer {
    return this.#held;
  }

  #refuse(text: Buffer): void {
    if (this.#forms.some((form) => text.includes(form))) throw new Echoed('the answer holds the credential');
  }
}

/** How many bytes at the end of `text` are the beginning of `form`. */
function beginningAtEnd(text: Buffer, form: Buffer): number {
  const first = form[0] ?? 0;
  for (
    let at = text.indexOf(first, Math.max(0, text.length - form.length + 1));
    at >= 0;
    at = text.indexOf(first, at + 1)
  ) {
    const length = text.length - at;
    if (text.compare(form, 0, length, at) === 0) return length;
  }
  return 0;
}
