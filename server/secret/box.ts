/** Seals text that only this server may read, for storage. Knows neither what it is nor where it is stored. */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { AppError } from '#protocol/error.ts';
import {
  ensureNextFile,
  ensureSecretKey,
  promoteNextFile,
  readSecretKeys,
  removeStrayFiles,
  type SecretKeyOptions,
} from './key.ts';

/** Sealed text: version, nonce, authentication tag, ciphertext. Lengths in bytes. */
const version = 1;
const nonceBytes = 12;
const tagBytes = 16;
const headBytes = 1 + nonceBytes + tagBytes;
const algorithm = 'aes-256-gcm';

/** Seals anew what was sealed under that name; null for what no known key opens. */
export type SealAgain = (sealed: Uint8Array, name: string) => Promise<Uint8Array | null>;

export class SecretBox {
  readonly #options: SecretKeyOptions;
  /** What is sealed and not stored yet. */
  readonly #storing = new Set<Promise<unknown>>();
  /** Settles when the key is not being changed. */
  #changed: Promise<unknown> = Promise.resolve();
  #isChanging = false;

  constructor(options: SecretKeyOptions) {
    this.#options = options;
  }

  /**
   * Seals `text` so that it opens under the same `name` only, and stores it by `write`: meanwhile the secret key stays the one
   * that it is sealed under. Throws `secret.unusable`, and what `write` throws.
   */
  async store<T>(text: string, name: string, write: (sealed: Uint8Array) => Promise<T>): Promise<T> {
    while (this.#isChanging) await this.#changed;
    const stored = this.#seal(text, name).then(write);
    this.#storing.add(stored);
    return stored.finally(() => this.#storing.delete(stored));
  }

  /** Throws `secret.unusable` when the secret key is gone or another one, or when what was sealed was changed. */
  async open(sealed: Uint8Array, name: string): Promise<string> {
    const { current, next } = await readSecretKeys(this.#options);
    const keys = [next, current].filter((key) => key !== null);
    if (keys.length === 0) throw unusable('secret.key in OMNIGENT_HOME is gone; restore it, or enter the key again');
    let cause: unknown;
    for (const key of keys) {
      try {
        return opened(key, sealed, name);
      } catch (fault) {
        cause = fault;
      }
    }
    throw unusable('it was stored under another secret key; restore that one, or enter the key again', cause);
  }

  /**
   * Puts a new key in the place of the secret key: `sealAll` passes everything that is stored through what it is given, and
   * stores it again at once, or not at all. The old key is needed until then, and is gone afterwards. Where this is cut off,
   * everything stored can be opened, and the same again finishes it. Throws `secret.no-next-key`, `secret.unusable`.
   */
  async change<T>(sealAll: (again: SealAgain) => Promise<T>): Promise<T> {
    while (this.#isChanging) await this.#changed;
    this.#isChanging = true;
    const change = this.#change(sealAll).finally(() => {
      this.#isChanging = false;
    });
    this.#changed = change.catch(() => undefined);
    return change;
  }

  /** After a start, before anything is sealed: clears what a crash left of making a key. Resolves to whether a change was cut off. */
  async wasCutOff(): Promise<boolean> {
    const { home, given, givenNext } = this.#options;
    await removeStrayFiles(home);
    if (given || givenNext) return false;
    return (await readSecretKeys(this.#options)).next !== null;
  }

  async #change<T>(sealAll: (again: SealAgain) => Promise<T>): Promise<T> {
    const { home, given, givenNext } = this.#options;
    if (given && !givenNext) throw new AppError({ code: 'secret.no-next-key', message: noNextKey });
    await Promise.allSettled(this.#storing);
    if (!givenNext) {
      await ensureSecretKey(this.#options);
      await ensureNextFile(this.#options);
    }
    const result = await sealAll((sealed, name) => this.#again(sealed, name));
    if (!givenNext) await promoteNextFile(home);
    return result;
  }

  async #again(sealed: Uint8Array, name: string): Promise<Uint8Array | null> {
    try {
      return await this.#seal(await this.open(sealed, name), name);
    } catch (cause) {
      if (cause instanceof AppError && cause.code === 'secret.unusable') return null;
      throw cause;
    }
  }

  async #seal(text: string, name: string): Promise<Uint8Array> {
    const key = await ensureSecretKey(this.#options);
    const nonce = new Uint8Array(nonceBytes);
    this.#options.random(nonce);
    const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
    cipher.setAAD(Buffer.from(name));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([Uint8Array.of(version), nonce, cipher.getAuthTag(), sealed]);
  }
}

const noNextKey =
  'the secret key is given as OMNIGENT_SECRET_KEY: start the server with the new one as OMNIGENT_SECRET_KEY_NEXT beside it, rotate, then start it with the new one as OMNIGENT_SECRET_KEY alone';

/** Throws where the key is another one, or the bytes are not as they were sealed. */
function opened(key: Uint8Array, sealed: Uint8Array, name: string): string {
  if (sealed[0] !== version || sealed.length < headBytes) throw new Error('not sealed in a known form');
  const bytes = Buffer.from(sealed);
  const decipher = createDecipheriv(algorithm, key, bytes.subarray(1, 1 + nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(name));
  decipher.setAuthTag(bytes.subarray(1 + nonceBytes, headBytes));
  return Buffer.concat([decipher.update(bytes.subarray(headBytes)), decipher.final()]).toString('utf8');
}

const unusable = (message: string, cause?: unknown) => new AppError({ code: 'secret.unusable', message, cause });
