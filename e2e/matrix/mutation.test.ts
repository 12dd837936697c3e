/** The matrix sees an adapter that lets everything through. */
import { execFile } from 'node:child_process';
import { expect, it } from 'vitest';
import { projectRoot } from '../server-process.ts';
import type { Cell } from './cell.ts';

const matrix = (...args: string[]): Promise<{ code: number | null; cells: Cell[] }> =>
  new Promise((resolve) => {
    const command = ['node_modules/tsx/dist/cli.mjs', 'e2e/matrix/main.ts', '--json', ...args];
    const child = execFile(process.execPath, command, { cwd: projectRoot }, (_, stdout) => {
      resolve({ code: child.exitCode, cells: (JSON.parse(stdout || '{"cells":[]}') as { cells: Cell[] }).cells });
    });
  });

it('[HRN1] an adapter that allows everything turns cells of the matrix red', { timeout: 120_000 }, async () => {
  const only = ['--harness', 'acp:example', '--only', 'gate: deny,gate: garbage'];
  const { code, cells } = await matrix('--mutant', ...only);
  expect(code).toBe(1);
  expect(cells.map(({ behaviour, ok, observed }) => [behaviour, ok, observed])).toEqual([
    ['gate: deny', false, 'acted all the same'],
    ['gate: garbage', false, 'acted all the same'],
  ]);
});
