/** The files of the tree as git sees them: tracked or about to be, never ignored ones. Knows no rule about them. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface SourceFile {
  /** Relative to the root, with forward slashes. */
  path: string;
  text: string;
}

/** What a check found wrong, as `path:line: what; fix`. */
export type Finding = string;

/** Files whose path matches `pattern`, sorted by path. Binary ones (a zero byte near the start) are left out. */
export function readSources(root: string, pattern: RegExp): SourceFile[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const sources: SourceFile[] = [];
  for (const path of new Set(listed.split('\0'))) {
    if (!pattern.test(path) || !existsSync(join(root, path))) continue;
    const bytes = readFileSync(join(root, path));
    if (!bytes.subarray(0, 8000).includes(0)) sources.push({ path, text: bytes.toString('utf8') });
  }
  return sources.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** 1-based line of a character position. */
export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
