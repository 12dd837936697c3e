/** 256-bit tokens: how they are made and how they are stored (sha256 only). */
import { createHash } from 'node:crypto';

const prefixes = { link: 'lnk', browser: 'brw', api: 'key', runner: 'rnk' } as const;

/** A token with 256 random bits: a prefix that secret scanners recognise, then 43 base64url characters. */
export function newToken(kind: keyof typeof prefixes, random: (bytes: Uint8Array) => void): string {
  const bytes = new Uint8Array(32);
  random(bytes);
  return `${prefixes[kind]}_${Buffer.from(bytes).toString('base64url')}`;
}

/** What the database holds instead of the token; a fast hash is right for random tokens. */
export const hashToken = (token: string): Buffer => createHash('sha256').update(token).digest();

/** Names a browser session within the server without giving its token away. */
export const sessionKey = (token: string): string => hashToken(token).toString('hex');

/** The token of an `Authorization: Bearer` header, or null. */
export function bearerOf(header: string | undefined): string | null {
  const match = /^Bearer ([\w-]{10,200})$/i.exec(header ?? '');
  return match?.[1] ?? null;
}
