/**
 * File names as git and Linux have them: bytes, not text. Inside this folder a path is a string with one character per
 * byte (latin1), so that string operations work and no name is ever changed by decoding.
 */
import { AppError } from '#protocol/error.ts';

/** A path with one character per byte. */
export type BytePath = string & { readonly bytePath: unique symbol };

export const fromText = (path: string) => Buffer.from(path, 'utf8').toString('latin1') as BytePath;
export const fromBytes = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1') as BytePath;
/** What node:fs takes. */
export const toBytes = (path: BytePath) => Buffer.from(path, 'latin1');
export const join = (folder: BytePath, name: string) => `${folder}/${name}` as BytePath;
export const parentOf = (path: BytePath) => path.slice(0, Math.max(0, path.lastIndexOf('/'))) as BytePath;

/** Control and direction characters as `\u001b`: they must reach neither a log nor a screen. */
export const visible = (text: string) =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) => `\\u${(c.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);

/** The name for people: visible, at most 120 characters. */
export function show(path: BytePath): string {
  const text = visible(toBytes(path).toString('utf8'));
  return text.length > 120 ? `${text.slice(0, 60)}…${text.slice(-59)}` : text;
}

/** Names after each NUL of git's `-z` output, without the empty one at the end. */
export function splitNul(output: Buffer): BytePath[] {
  const parts = output.toString('latin1').split('\0');
  if (parts.at(-1) === '') parts.pop();
  return parts as BytePath[];
}

/**
 * Refuses a path that could leave the tree or reach its git directory. An index is a file like any other: what it names
 * is not to be trusted. Throws AppError `source.invalid`.
 */
export function assertInsideTree(path: BytePath): void {
  const isSafe = path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && !isGitName(part));
  if (isSafe && !path.includes('\0')) return;
  throw new AppError({
    code: 'source.invalid',
    message: `the repository names a file outside its tree: ${show(path)}; check it with git fsck`,
  });
}

const isGitName = (part: string) => part.toLowerCase() === '.git';
