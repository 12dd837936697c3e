/** `npm run bench -- [--only NAME[,NAME]] [--runs N] [--quick] [--out FILE]`: measures, prints contract.md's json, ends by itself. */
import { parseArgs } from 'node:util';
import { measures } from './measure/index.ts';
import { openReport, writeReport } from './report.ts';
import { describeResult, type Result } from './result.ts';
import { type Measure, Stage } from './stage.ts';

const schema = 'omnigent-bench/1';
/** A measure that takes longer has hung; ms. */
const measureMs = { quick: 5 * 60_000, full: 30 * 60_000 } as const;

const names = measures.map(({ name }) => name);
const usage = `usage: npm run bench -- [--only NAME] [--runs N] [--quick] [--out FILE]\nnames: ${names.join(' ')}`;
const note = (line: string) => void process.stderr.write(`${line}\n`);

function fail(message: string): never {
  note(`${message}\n${usage}`);
  process.exit(2);
}

function readArguments(argv: string[]) {
  const { values } = parseArgs({
    args: argv,
    options: {
      only: { type: 'string', multiple: true },
      runs: { type: 'string' },
      quick: { type: 'boolean', default: false },
      out: { type: 'string' },
      json: { type: 'boolean' },
    },
  });
  const wanted = values.only?.flatMap((list) => list.split(',')) ?? names;
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined) fail(`--only: no measure is named ${unknown}`);
  const runs = values.runs === undefined ? null : Number(values.runs);
  if (runs !== null && (!Number.isSafeInteger(runs) || runs < 1)) fail('--runs: a whole number, 1 or more');
  return { wanted: measures.filter(({ name }) => wanted.includes(name)), runs, isQuick: values.quick, out: values.out };
}

async function withLimit<T>(name: string, limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name}: not done after ${limitMs / 60_000} minutes`)), limitMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function main(): Promise<void> {
  const { wanted, runs, isQuick, out } = readArguments(process.argv.slice(2));
  const head = openReport();
  const results: Result[] = [];
  const failed: string[] = [];
  const run = async (measure: Measure, stage: Stage) => {
    note(`${measure.name} …`);
    const limit = isQuick ? measureMs.quick : measureMs.full;
    const found = await withLimit(measure.name, limit, measure.run(stage, { runs, isQuick, note }));
    for (const result of found) note(describeResult(result));
    results.push(...found);
  };
  const stage = new Stage();
  try {
    for (const measure of wanted) {
      await run(measure, stage).catch((cause: unknown) => {
        failed.push(measure.name);
        note(`${measure.name} failed: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`);
      });
      if (out) await writeReport(out, head, { schema, results });
    }
  } finally {
    await stage.close();
  }
  const { commit, at, machine } = head;
  process.stdout.write(`${JSON.stringify({ schema, commit, at, machine, results })}\n`);
  process.exit(failed.length > 0 ? 1 : 0);
}

await main().catch((cause: unknown) => fail(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)));
