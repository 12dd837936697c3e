/** `npm run chaos -- --seed N --runs N [--only FAULT] [--jobs N] [--browser N] [--cut-seconds S] [--stop-seconds S] [--out FILE] --json` */
import { parseArgs } from 'node:util';
import { openReport, writeReport } from '#bench/report.ts';
import { type ApprovalFault, approvalFaults } from './approval/fault.ts';
import { runApprovals } from './approval/run.ts';
import { type ChaosRun, type FaultName, faultNames } from './chaos-run.ts';
import { fullDurations, type SessionFault, sessionFaults } from './fault.ts';
import { type RunOptions, runOnce } from './run.ts';

const usage = `usage: npm run chaos -- [--seed N] [--runs N] [--only FAULT] [--jobs N] [--browser N] [--cut-seconds S] [--stop-seconds S] [--out FILE] [--json]
faults: ${faultNames.join(' ')}
or the beginning of some of them, like approval or approval-server: these in turns`;

function fail(message: string): never {
  process.stderr.write(`${message}\n${usage}\n`);
  process.exit(2);
}

function readArguments(argv: string[]) {
  const { values } = parseArgs({
    args: argv,
    options: {
      seed: { type: 'string', default: '1' },
      runs: { type: 'string' },
      jobs: { type: 'string', default: '1' },
      only: { type: 'string' },
      'cut-seconds': { type: 'string', default: String(fullDurations.cutSeconds) },
      'stop-seconds': { type: 'string', default: String(fullDurations.stopSeconds) },
      browser: { type: 'string', default: '0' },
      out: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const whole = (name: 'seed' | 'runs' | 'jobs' | 'browser' | 'cut-seconds' | 'stop-seconds', least: number) => {
    const number = Number(values[name]);
    if (!Number.isSafeInteger(number) || number < least) fail(`--${name}: a whole number, ${least} or more`);
    return number;
  };
  const { only = '' } = values;
  const isMeant = (fault: FaultName) => only === '' || fault === only || fault.startsWith(`${only}-`);
  const faults = faultNames.filter(isMeant);
  if (faults.length === 0) fail(`--only: no fault is named ${only}`);
  return {
    ...{
      seed: whole('seed', 0),
      runs: values.runs === undefined ? faults.length : whole('runs', 1),
      jobs: whole('jobs', 1),
      faults,
      browsers: whole('browser', 0),
      out: values.out,
      json: values.json,
    },
    durations: { cutSeconds: whole('cut-seconds', 1), stopSeconds: whole('stop-seconds', 1) },
  };
}

const counted = (numbers: Readonly<Record<string, number | null>>): string =>
  Object.entries(numbers)
    .map(([what, number]) => `${number ?? 'never'} ${what}`)
    .join(', ');

const describeRun = (run: ChaosRun): string =>
  `${run.ok ? 'ok  ' : 'FAIL'} ${run.fault} seed ${run.seed}: in flight ${counted(run.inFlightOf)}; ` +
  `back after (ms) ${counted(run.recoveredMs ?? {})}; acked ${counted(run.acked)}` +
  `${run.violations.map((violation) => `\n       ${violation}`).join('')}`;

const isSessionFault = (fault: FaultName): fault is SessionFault => sessionFaults.some((each) => each === fault);
const isApprovalFault = (fault: FaultName): fault is ApprovalFault => approvalFaults.some((each) => each === fault);

function runFault({ fault, ...options }: Omit<RunOptions, 'fault'> & { fault: FaultName }): Promise<ChaosRun> {
  if (isApprovalFault(fault)) return runApprovals({ ...options, fault });
  if (isSessionFault(fault)) return runOnce({ ...options, fault });
  return fault satisfies never;
}

async function main(): Promise<void> {
  const { seed, runs, jobs, faults, durations, browsers, out, json } = readArguments(process.argv.slice(2));
  const report = openReport();
  const done: ChaosRun[] = [];
  const note = (line: string) => void process.stderr.write(line === '' ? '' : `${line}\n`);
  const waiting = Array.from({ length: runs }, (_, n) => ({
    seed: seed + n,
    /** A real Chromium window joins the first so many runs. */
    usesBrowser: n < browsers,
    fault: faults[n % faults.length] ?? 'kill-server',
  }));
  /** Reports are written one after the other: the newest is the last. */
  let written: Promise<void> = Promise.resolve();
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const run = await runFault({ ...next, durations, note });
      note(describeRun(run));
      done.push(run);
      done.sort((one, other) => one.seed - other.seed);
      if (out) written = written.then(() => writeReport(out, report, { runs: done }));
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  await written;
  if (json) process.stdout.write(`${JSON.stringify({ runs: done })}\n`);
  const failed = done.filter((run) => !run.ok).length;
  note(`${done.length - failed} of ${done.length} runs ok`);
  process.exitCode = failed > 0 ? 1 : 0;
}

try {
  await main();
} catch (cause) {
  fail(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
}
