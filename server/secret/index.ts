/** Seals text that only this server may read, for storage. Knows neither what it is nor where it is stored. */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { AppError } from '#protocol/error.ts';
import { ensureSecretKey, readSecretKey, type SecretKeyOptions } from './key.ts';

export { parseSecretKey } from './key.ts';

/** Sealed text: version, nonce, authentication tag, ciphertext. Lengths in bytes. */
const version = 1;
const nonceBytes = 12;
const tagBytes = 16;
const headBytes = 1 + nonceBytes + tagBytes;
const algorithm = 'aes-256-gcm';

export class SecretBox {
  readonly #options: SecretKeyOptions;

  constructor(options: SecretKeyOptions) {
    this.#options = options;
  }

  /** Seals `text` so that it opens under the same `name` only. Throws `secret.unusable`. */
  async seal(text: string, name: string): Promise<Uint8Array> {
    const key = await ensureSecretKey(this.#options);
    const nonce = new Uint8Array(nonceBytes);
    this.#options.random(nonce);
    const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
    cipher.setAAD(Buffer.from(name));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([Uint8Array.of(version), nonce, cipher.getAuthTag(), sealed]);
  }

  /** Throws `secret.unusable` when the secret key is gone or another one, or when what was sealed was changed. */
  async open(sealed: Uint8Array, name: string): Promise<string> {
    const key = await readSecretKey(this.#options);
    if (!key) throw unusable('secret.key in OMNIGENT_HOME is gone; restore it, or enter the key again');
    const other = 'it was stored under another secret key; restore that one, or enter the key again';
    if (sealed[0] !== version || sealed.length < headBytes) throw unusable(other);
    const bytes = Buffer.from(sealed);
    try {
      const nonce = bytes.subarray(1, 1 + nonceBytes);
      const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
      decipher.setAAD(Buffer.from(name));
      decipher.setAuthTag(bytes.subarray(1 + nonceBytes, headBytes));
      return Buffer.concat([decipher.update(bytes.subarray(headBytes)), decipher.final()]).toString('utf8');
    } catch (cause) {
      throw unusable(other, cause);
    }
  }
}

const unusable = (message: string, cause?: unknown) => new AppError({ code: 'secret.unusable', message, cause });
