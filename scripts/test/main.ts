/** `npm test`: brings the tools, builds, runs every suite, and ends with one line of counts. */
import '../../bin/node-version.mjs';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exit, stdout } from 'node:process';
import { type Count, countCells, countPlaywright, countVitest } from './count.ts';
import { runSuite, type Suite } from './suite.ts';
import { ensureAgents, ensureTools } from './tool.ts';

const minuteMs = 60_000;
const say = (line: string) => void stdout.write(`${line}\n`);

function listSuites(reports: string): Suite[] {
  const unit = join(reports, 'unit.json');
  const journeys = join(reports, 'e2e.json');
  return [
    {
      name: 'unit and contract',
      command: [
        'node_modules/vitest/vitest.mjs',
        'run',
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${unit}`,
      ],
      reportFile: unit,
      count: countVitest,
      deadlineMs: 14 * minuteMs,
    },
    {
      name: 'e2e',
      command: ['node_modules/@playwright/test/cli.js', 'test', '--reporter=list,json'],
      env: { PLAYWRIGHT_JSON_OUTPUT_FILE: journeys },
      reportFile: journeys,
      count: countPlaywright,
      deadlineMs: 10 * minuteMs,
    },
    {
      name: 'matrix',
      // One whole agent, and the gate of a real CLI.
      command: ['node_modules/tsx/dist/cli.mjs', 'e2e/matrix/main.ts', '--smoke', '--json'],
      count: countCells,
      deadlineMs: 5 * minuteMs,
    },
  ];
}

async function runAll(): Promise<Count> {
  const total: Count = { passed: 0, skipped: 0, failures: [] };
  const reports = mkdtempSync(join(tmpdir(), 'omnigent-test-'));
  for (const suite of listSuites(reports)) {
    say(`\n${suite.name}`);
    const startedAt = Date.now();
    const count = await runSuite(suite);
    total.passed += count.passed;
    total.skipped += count.skipped;
    total.failures.push(...count.failures);
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    say(
      `${suite.name}: ${count.passed} passed, ${count.failures.length} failed, ${count.skipped} skipped in ${seconds} s`,
    );
  }
  rmSync(reports, { recursive: true });
  return total;
}

const missing = ensureTools(say) ?? ensureAgents(say);
if (missing) {
  say(missing);
  exit(1);
}
if (spawnSync(process.execPath, ['bin/build.mjs'], { stdio: 'inherit' }).status !== 0) exit(1);
const { passed, skipped, failures } = await runAll();
if (failures.length > 0) say(`\nfailed:\n${failures.map((failure) => `  ${failure}`).join('\n')}`);
say(`${passed} passed, ${failures.length} failed, ${skipped} skipped`);
exit(passed > 0 && failures.length === 0 && skipped === 0 ? 0 : 1);
