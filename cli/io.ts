/** What a command sees of its surroundings: streams, environment, and how results are printed. Knows no command. */
import type { ReadStream, WriteStream } from 'node:tty';

/** Standard input: a terminal only where `isTTY` says so. */
export type Input = NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY' | 'setRawMode'>>;
/** Standard output or error: a terminal only where `isTTY` says so. */
export type Output = NodeJS.WritableStream &
  Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'rows' | 'writableLength'>>;

export interface Io {
  env: NodeJS.ProcessEnv;
  /** Absolute working folder. */
  cwd: string;
  stdin: Input;
  stdout: Output;
  stderr: Output;
}

/** Text from elsewhere as one that cannot move the cursor, change colours or reorder what stands beside it. */
export const printable = (text: string): string =>
  text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: replacing them is the point
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );

/** What an agent said, with an end of line. Whole for a program that reads it; a terminal gets nothing that would steer it. */
export function spoken(text: string, to: { isTTY?: boolean | undefined }): string {
  const shown = to.isTTY ? text.replaceAll('\t', '    ').split('\n').map(printable).join('\n') : text;
  return shown.endsWith('\n') ? shown : `${shown}\n`;
}

/** Rows as text in columns, two blanks apart, the last one unpadded; every cell is made printable. */
export function table(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(printable));
  const columns = Math.max(...cells.map((row) => row.length), 0);
  const widths = Array.from({ length: columns }, (_, at) => Math.max(...cells.map((row) => row[at]?.length ?? 0)));
  return cells
    .map((row) => row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

/** What holds all the same, and somebody should know. */
export const warn = (io: Io, warnings: readonly string[]): Promise<void> =>
  write(io.stderr, warnings.map((line) => `warning: ${printable(line)}\n`).join(''));

/** Resolves when the text has left this process as far as it can tell. */
export function write(to: Output, text: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    to.write(text, (cause) => (cause ? reject(cause) : resolve()));
  });
}
