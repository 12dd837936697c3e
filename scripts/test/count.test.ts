import { expect, it } from 'vitest';
import { countCells, countPlaywright, countVitest } from './count.ts';

it('counts a vitest report, and a file that does not load as a failure', () => {
  const report = {
    success: false,
    testResults: [
      {
        name: 'a.test.ts',
        status: 'failed',
        message: '',
        assertionResults: [
          { fullName: 'one', status: 'passed' },
          { fullName: 'two', status: 'failed' },
          { fullName: 'three', status: 'skipped' },
          { fullName: 'four', status: 'todo' },
        ],
      },
      { name: 'b.test.ts', status: 'failed', message: 'Cannot find module\n  at x', assertionResults: [] },
    ],
  };
  expect(countVitest(report)).toEqual({
    passed: 1,
    skipped: 2,
    failures: ['a.test.ts: two', 'b.test.ts: Cannot find module'],
  });
});

it('counts an unhandled error of a vitest run in which every test passed', () => {
  expect(countVitest({ success: false, testResults: [] }).failures).toHaveLength(1);
});

it('counts a playwright report, flaky tests and errors outside tests as failures', () => {
  const spec = (title: string, status: string) => ({ title, file: 'a.spec.ts', line: 3, tests: [{ status }] });
  const report = {
    errors: [{ message: 'No tests found\nmore' }],
    suites: [
      {
        title: 'a.spec.ts',
        specs: [spec('one', 'expected')],
        suites: [{ title: 'in', specs: [spec('two', 'unexpected'), spec('three', 'flaky'), spec('four', 'skipped')] }],
      },
    ],
  };
  expect(countPlaywright(report)).toEqual({
    passed: 1,
    skipped: 1,
    failures: ['e2e: No tests found', 'e2e/a.spec.ts:3: two (unexpected)', 'e2e/a.spec.ts:3: three (flaky)'],
  });
});

it('counts cells of the matrix, and names those that differ from what was declared', () => {
  const cell = { harness: 'acp:example', behaviour: 'queue', declared: 'yes', observed: 'yes', ok: true };
  const drift = { ...cell, observed: 'no', ok: false };
  expect(countCells({ cells: [cell, drift] })).toEqual({
    ...{ passed: 1, skipped: 0, failures: ['matrix: acp:example, queue: no (declared: yes)'] },
  });
});
