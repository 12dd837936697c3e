/** Runs one test program as a child, with a deadline, and reads the report it leaves. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { Count } from './count.ts';

export interface Suite {
  name: string;
  /** Program and arguments, run by this Node.js. */
  command: string[];
  env?: Record<string, string>;
  /** Where the program leaves its JSON report; absent: its stdout is the report. */
  reportFile?: string;
  count: (report: unknown) => Count;
  deadlineMs: number;
}

/** Settings of the person who runs the tests that would change their outcome, and keys no test may use. */
const foreign = /^(OMNIGENT_|DATABASE_|ANTHROPIC_|OPENAI_|PG|PORT$|NODE_ENV$|NODE_OPTIONS$|FORCE_COLOR$|npm_)/;

function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name))) as NodeJS.ProcessEnv;
}

interface Ended {
  code: number | null;
  stdout: string;
  isLate: boolean;
}

function runChild(suite: Suite): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, suite.command, {
      env: { ...cleanEnvironment(), ...suite.env },
      stdio: ['ignore', suite.reportFile ? 'inherit' : 'pipe', 'inherit'],
      detached: true,
    });
    let stdout = '';
    let isLate = false;
    const stop = (signal: NodeJS.Signals) => child.pid !== undefined && process.kill(-child.pid, signal);
    const deadline = setTimeout(() => {
      isLate = true;
      stop('SIGKILL');
    }, suite.deadlineMs);
    const interrupt = () => {
      stop('SIGTERM');
      process.exit(130);
    };
    process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(deadline);
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
      resolve({ code, stdout, isLate });
    });
  });
}

/** The report the child left, or null when it left none that can be read. */
function readReport(suite: Suite, stdout: string): unknown {
  const text =
    suite.reportFile === undefined ? stdout : existsSync(suite.reportFile) && readFileSync(suite.reportFile, 'utf8');
  try {
    return text ? JSON.parse(text) : null;
  } catch (cause) {
    if (cause instanceof SyntaxError) return null;
    throw cause;
  }
}

/** Runs the suite and counts. A child that ran late, failed without naming a failure or left no report is itself one failure. */
export async function runSuite(suite: Suite): Promise<Count> {
  const { code, stdout, isLate } = await runChild(suite);
  const report = readReport(suite, stdout);
  const count: Count = report === null ? { passed: 0, skipped: 0, failures: [] } : suite.count(report);
  if (isLate) count.failures.push(`${suite.name}: did not end within ${suite.deadlineMs / 1000} s`);
  else if (report === null) count.failures.push(`${suite.name}: exit ${code} without a report`);
  else if (code !== 0 && count.failures.length === 0) count.failures.push(`${suite.name}: exit ${code}`);
  return count;
}
