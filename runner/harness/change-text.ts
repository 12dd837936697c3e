/** A change of a text as a unified diff of one hunk, without line numbers. Pure. */

/** Lines that stay the same around what does not. */
const context = 3;

export interface TextChange {
  path: string;
  /** '': nothing is there. */
  before: string;
  after: string;
  /** A part of the file, which may begin and end within lines. Two texts without a line feed at their end are taken for such. */
  isPart?: boolean;
}

function linesOf(text: string, isPart: boolean): string[] {
  if (text === '') return [];
  const lines = text.split('\n');
  if (isPart) return lines;
  const last = lines.pop() ?? '';
  return last === '' ? lines : [...lines, `${last}\n\\ No newline at end of file`];
}

export function changeText({ path, before, after, isPart = false }: TextChange): string {
  const isOpen = [before, after].every((text) => text !== '' && !text.endsWith('\n'));
  const [old, now] = [linesOf(before, isPart || isOpen), linesOf(after, isPart || isOpen)];
  if (old.length === 0) return [`+++ ${path}`, ...now.map((line) => `+${line}`)].join('\n');
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start++;
  let end = 0;
  const most = Math.min(old.length, now.length) - start;
  while (end < most && old.at(-1 - end) === now.at(-1 - end)) end++;
  const hunk = [
    ...old.slice(Math.max(0, start - context), start).map((line) => ` ${line}`),
    ...old.slice(start, old.length - end).map((line) => `-${line}`),
    ...now.slice(start, now.length - end).map((line) => `+${line}`),
    ...old.slice(old.length - end, old.length - end + context).map((line) => ` ${line}`),
  ];
  return [`--- ${path}`, `+++ ${path}`, '@@', ...hunk].join('\n');
}
