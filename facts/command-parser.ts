/** Loads the command parser with its grammar from the installed packages. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { CommandParser } from '#policy/command/index.ts';

/** Reads two files of 1.6 MB; some 30 ms. */
export async function loadCommandParser(): Promise<CommandParser> {
  const require = createRequire(import.meta.url);
  const [engine, grammar] = await Promise.all(
    ['web-tree-sitter/web-tree-sitter.wasm', 'tree-sitter-bash/tree-sitter-bash.wasm'].map((file) =>
      readFile(require.resolve(file)),
    ),
  );
  if (!engine || !grammar) throw new Error('the command parser is not installed');
  return CommandParser.load({ engine, grammar });
}
