import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { Count } from './count.ts';
import { runSuite, type Suite } from './suite.ts';

const folder = mkdtempSync(join(tmpdir(), 'omnigent-suite-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const suite = (script: string, options: Partial<Suite> = {}): Suite => ({
  name: 'trial',
  command: ['-e', script],
  count: (report) => report as Count,
  deadlineMs: 30_000,
  ...options,
});
const onePassed = `console.log('{"passed":1,"skipped":0,"failures":[]}')`;

it('counts what the child reports', async () => {
  expect(await runSuite(suite(onePassed))).toEqual({ passed: 1, skipped: 0, failures: [] });
});

it('counts a child that fails, leaves no report or does not end as a failure of its own', async () => {
  const failing = await runSuite(suite(`${onePassed}; process.exitCode = 3`));
  expect(failing).toEqual({ passed: 1, skipped: 0, failures: ['trial: exit 3'] });
  const silent = await runSuite(suite('process.exitCode = 1', { reportFile: join(folder, 'none.json') }));
  expect(silent.failures).toEqual(['trial: exit 1 without a report']);
  const endless = await runSuite(suite(`${onePassed}; setInterval(() => {}, 1000)`, { deadlineMs: 1_500 }));
  expect(endless.failures).toEqual(['trial: did not end within 1.5 s']);
});

it('keeps settings and keys of the person who runs the tests away from them', async () => {
  process.env.OMNIGENT_HOME = '/nowhere';
  process.env.ANTHROPIC_API_KEY = 'example';
  const leaked = await runSuite(
    suite(
      `const leaks = ['OMNIGENT_HOME', 'ANTHROPIC_API_KEY'].filter((name) => process.env[name]);
       console.log(JSON.stringify({ passed: 1, skipped: 0, failures: leaks }));`,
    ),
  );
  delete process.env.OMNIGENT_HOME;
  delete process.env.ANTHROPIC_API_KEY;
  expect(leaked).toEqual({ passed: 1, skipped: 0, failures: [] });
});
