/** Turns the report of each test program into the same three numbers and the names of what failed. */
import { z } from 'zod';

export interface Count {
  passed: number;
  skipped: number;
  /** One line for each failure; their number is the number of failures. */
  failures: string[];
}

const vitestSchema = z.object({
  success: z.boolean(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().default(''),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.enum(['passed', 'failed', 'skipped', 'pending', 'todo', 'disabled']),
        }),
      ),
    }),
  ),
});

const firstLine = (text: string): string => text.split('\n')[0] ?? '';

/** Vitest's JSON report. A file that could not even be loaded is one failure. */
export function countVitest(report: unknown): Count {
  const { success, testResults } = vitestSchema.parse(report);
  const count: Count = { passed: 0, skipped: 0, failures: [] };
  for (const file of testResults) {
    const failed = file.assertionResults.filter((test) => test.status === 'failed');
    const passed = file.assertionResults.filter((test) => test.status === 'passed');
    count.passed += passed.length;
    count.skipped += file.assertionResults.length - passed.length - failed.length;
    count.failures.push(...failed.map((test) => `${file.name}: ${test.fullName}`));
    if (file.status === 'failed' && failed.length === 0)
      count.failures.push(`${file.name}: ${firstLine(file.message)}`);
  }
  if (!success && count.failures.length === 0) count.failures.push('an error outside any test; see above');
  return count;
}

interface Suite {
  title: string;
  specs?: { title: string; file: string; line: number; tests: { status: string }[] }[] | undefined;
  suites?: Suite[] | undefined;
}

const suiteSchema: z.ZodType<Suite> = z.lazy(() =>
  z.object({
    title: z.string(),
    specs: z
      .array(
        z.object({
          title: z.string(),
          file: z.string(),
          line: z.number(),
          tests: z.array(z.object({ status: z.string() })),
        }),
      )
      .optional(),
    suites: z.array(suiteSchema).optional(),
  }),
);
const playwrightSchema = z.object({
  suites: z.array(suiteSchema),
  errors: z.array(z.object({ message: z.string().default('') })),
});

/** Playwright's JSON report. A flaky test failed once, so it failed. */
export function countPlaywright(report: unknown): Count {
  const { suites, errors } = playwrightSchema.parse(report);
  const count: Count = { passed: 0, skipped: 0, failures: errors.map((error) => `e2e: ${firstLine(error.message)}`) };
  const visit = (suite: Suite): void => {
    for (const spec of suite.specs ?? []) {
      for (const test of spec.tests) {
        if (test.status === 'expected') count.passed++;
        else if (test.status === 'skipped') count.skipped++;
        else count.failures.push(`e2e/${spec.file}:${spec.line}: ${spec.title} (${test.status})`);
      }
    }
    suite.suites?.forEach(visit);
  };
  suites.forEach(visit);
  return count;
}

const cellsSchema = z.object({
  cells: z.array(
    z.object({
      harness: z.string(),
      behaviour: z.string(),
      declared: z.string(),
      observed: z.string(),
      ok: z.boolean(),
    }),
  ),
});

/** The matrix's JSON: each cell that is as declared passed. */
export function countCells(report: unknown): Count {
  const { cells } = cellsSchema.parse(report);
  const failures = cells
    .filter(({ ok }) => !ok)
    .map((cell) => `matrix: ${cell.harness}, ${cell.behaviour}: ${cell.observed} (declared: ${cell.declared})`);
  return { passed: cells.length - failures.length, skipped: 0, failures };
}
