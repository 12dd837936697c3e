/** `npm run marathon -- [--seed N] [--joins N] [--bytes N] [--resizes N] [--out FILE] [--json]`: every recording, then mixed output. */
import { parseArgs } from 'node:util';
import { openReport, writeReport } from '#bench/report.ts';
import { type MarathonResult, runMarathon, sampleJoins } from './marathon.ts';
import { mixedOutput } from './mixed-output.ts';
import { readRecording, recordingNames } from './recording.ts';

const usage = 'usage: npm run marathon -- [--seed N] [--joins N] [--bytes N] [--resizes N] [--out FILE] [--json]';

function fail(message: string): never {
  process.stderr.write(`${message}\n${usage}\n`);
  process.exit(2);
}

const note = (line: string): void => void process.stderr.write(`${line}\n`);

function readArguments() {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      joins: { type: 'string', default: '500' },
      bytes: { type: 'string', default: '20000000' },
      resizes: { type: 'string', default: '10000' },
      out: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const whole = (name: 'seed' | 'joins' | 'bytes' | 'resizes') => {
    const number = Number(values[name]);
    if (!Number.isSafeInteger(number) || number < 0) fail(`--${name}: a whole number, 0 or more`);
    return number;
  };
  const { out, json } = values;
  return { seed: whole('seed'), joins: whole('joins'), bytes: whole('bytes'), resizes: whole('resizes'), out, json };
}

interface Leg extends MarathonResult {
  steps: number;
  ms: number;
}

function run(recording: Parameters<typeof runMarathon>[0]['recording'], joins: number, seed: number): Leg {
  const startedAt = performance.now();
  let steps = 0;
  for (const _ of recording.steps) steps++;
  const result = runMarathon({ recording, joins: sampleJoins(steps, joins, seed), seed });
  const leg = { ...result, steps, ms: Math.round(performance.now() - startedAt) };
  const verdict = isSame(leg) ? 'ok  ' : 'FAIL';
  note(
    `${verdict} ${leg.name}: ${leg.bytes} bytes, ${leg.resizes} resizes, ${leg.joins} joins, ${leg.comparisons} comparisons, ${leg.mismatches.length} mismatches in ${leg.ms} ms`,
  );
  for (const { join, at, what } of leg.mismatches.slice(0, 5))
    note(`     joined ${join}, at ${at}: ${what.join('; ')}`);
  return leg;
}

const isSame = ({ mismatches, replies }: MarathonResult): boolean => mismatches.length === 0 && replies === 0;

async function main(): Promise<void> {
  const { seed, joins, bytes, resizes, out, json } = readArguments();
  const report = openReport();
  const legs = recordingNames().map((name) => run(readRecording(name), joins, seed));
  legs.push(run(mixedOutput({ seed, bytes, resizes }), joins, seed));
  const sum = (of: (leg: Leg) => number) => legs.reduce((total, leg) => total + of(leg), 0);
  const ok = legs.every(isSame);
  const body = { ok, seed, joins: sum((leg) => leg.joins), comparisons: sum((leg) => leg.comparisons), legs };
  if (out) await writeReport(out, report, body);
  if (json) process.stdout.write(`${JSON.stringify(body)}\n`);
  note(`${body.joins} joins, ${body.comparisons} comparisons: ${ok ? 'ok' : 'not the same everywhere'}`);
  process.exitCode = ok ? 0 : 1;
}

try {
  await main();
} catch (cause) {
  fail(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
}
