/** Restricted names as git wants them said: to look through a history, and to keep files out of a working tree. */
import { isPattern } from '#policy/path.ts';
import { type BytePath, fromText } from '../byte-path.ts';
import type { Restriction } from './restriction.ts';

/** gitglossary, pathspec: without the magic `glob` a star goes through folders, so this finds rather more than is meant. */
function pathspecsOf(name: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: git folds the case of ASCII only
  const isPlain = !isPattern(name) && /^[\u0000-\u007f]*$/.test(name);
  if (isPlain) return [`:(icase,literal)${name}`];
  const wild = name
    .replace(/[[\]\\]/g, '\\$&')
    .replace(/(^|\/)\*\*\//g, '$1*')
    .replace(/\*\*/g, '*')
    .replace(/[^\p{ASCII}]+/gu, '*');
  return [`:(icase)${wild}`, `:(icase)${wild}/*`];
}

/** Pathspecs that name at least what is restricted. None: everything. */
export const pathspecs = (restriction: Restriction): string[] =>
  restriction.isAllInside ? restriction.namesInside.flatMap(pathspecsOf) : [];

const escapeIgnore = (path: BytePath): string =>
  path
    .replace(/[\\*?[\]]/g, '\\$&')
    .replace(/\n/g, '?')
    .replace(/ $/, '\\ ');

/** A star beside other characters than a slash means to git what one star does. */
const canSay = (pattern: string): boolean => !/[^/]\*\*|\*\*[^/]/.test(pattern);

/** A pattern's own wildcards stay what they are. */
const ignoreOf = (name: string): BytePath =>
  (isPattern(name) ? fromText(name).replace(/[\\[\]]/g, '\\$&') : escapeIgnore(fromText(name))) as BytePath;

/**
 * What git is told to leave out: patterns as gitignore has them, from the top, one character per byte. `paths` are restricted as
 * well; those that a name means as it is written are not said again.
 */
export function ignorePatterns(restriction: Restriction, paths: Iterable<BytePath>): string[] {
  const says = (name: string) => !isPattern(name) || canSay(name);
  const general = restriction.namesInside.filter(says).map(ignoreOf);
  const others = [...paths].filter((path) => !restriction.isSpelledOut(path, says)).map(escapeIgnore);
  return [...new Set([...general, ...others])].map((each) => `/${each}`);
}

const quoted = (pattern: string): string => `"${pattern.replace(/[\\"]/g, '\\$&')}"`;

/** Content of `info/sparse-checkout`. */
export const sparseText = (patterns: readonly string[]): string =>
  ['/*', ...patterns.map((pattern) => `!${pattern}`)].map((line) => `${line}\n`).join('');

/** Content of `info/attributes`: what stands for a restricted file must never be merged into one. */
export const attributesText = (patterns: readonly string[]): string =>
  patterns.flatMap((pattern) => [pattern, `${pattern}/**`].map((each) => `${quoted(each)} -merge\n`)).join('');

/** Those of the names that are no patterns, from the top. */
export const literalNames = (restriction: Restriction): BytePath[] =>
  restriction.namesInside.filter((name) => !isPattern(name)).map(fromText);
