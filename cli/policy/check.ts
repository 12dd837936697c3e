/** `omnigent policy check`: verdicts on rows of imagined actions, without a server. */
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { loadCommandParser } from '#facts/command-parser.ts';
import { realFiles } from '#facts/file-view.ts';
import { checkRow, malformed } from '#policy/check.ts';
import { defineCommand } from '../command.ts';
import { warn, write } from '../io.ts';
import { findWorkspace } from './workspace.ts';

/** A longer line is no row, in characters. */
const maxLine = 4 * 1024 * 1024;

export const checkPolicy = defineCommand({
  words: ['policy', 'check'],
  summary: 'judge rows of JSON from standard input by a workspace file; exit 2 when one of them is malformed',
  operands: [],
  options: {
    workspace: {
      type: 'string',
      value: 'FILE',
      summary: 'workspace file (default: omnigent.yaml here; a row may bring its own policy)',
    },
    root: {
      type: 'string',
      value: 'DIR',
      summary: 'the folder that base_dir is relative to (default: that of the file)',
    },
  },
  async run({ options, io }) {
    const workspace = await findWorkspace(io.cwd, options.workspace, options.root);
    await warn(io, workspace?.warnings ?? []);
    const root = workspace?.root ?? resolve(io.cwd, options.root ?? '.');
    const parser = await loadCommandParser();
    const check = {
      ...{ parser, policy: workspace?.policy ?? null, files: realFiles },
      ...{ roots: { root, home: homedir() }, now: () => performance.now() },
    };
    let isValid = true;
    for await (const line of createInterface({ input: io.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line.trim() === '') continue;
      const judged =
        line.length > maxLine
          ? { isValid: false, result: malformed(null, 'the row is too long') }
          : checkRow(line, check);
      isValid &&= judged.isValid;
      await write(io.stdout, `${JSON.stringify(judged.result)}\n`);
    }
    return isValid ? 0 : 2;
  },
});
