import { expect, it } from 'vitest';
import { checkTree } from './tree.ts';

it.each([
  ['db/a.ts', "const home = '/Users/ada/code/';"],
  ['docs/a.md', 'see https://registry.npmjs.org/ws'],
  ['db/a.test.ts', "it.skip('later', () => {});"],
  ['e2e/a.spec.ts', "test.describe.only('now', () => {});"],
  ['e2e/a.spec.ts', 'await page.waitForTimeout(500);'],
  ['db/a.ts', '// @ts-ignore'],
  ['db/a.ts', '// TODO: later'],
  ['server/agent.ts', "if (program === 'claude') return;"],
  ['package-lock.json', '"resolved": "https://example.com/ws.tgz"'],
])('finds what must not be in %s: %s', (path, line) => {
  expect(checkTree([{ path, text: `\n${line}\n` }])).toEqual([expect.stringContaining(`${path}:2: `)]);
});

it.each([
  ['runner/harness/claude/index.ts', "spawn('claude');"],
  ['runner/terminal/terminal.test.ts', "const recording = 'claude';"],
  ['docs/guide.md', 'works with Claude Code'],
  ['db/a.ts', "const unit = 'limit'; const work = join(root, 'work/');"],
])('leaves %s alone: %s', (path, text) => {
  expect(checkTree([{ path, text }])).toEqual([]);
});
