/** `npm run matrix -- [--harness H] [--smoke] [--out FILE] [--docs FILE] [--mutant] [--json]`: what harnesses declare, held against what is seen. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openReport, writeReport } from '#bench/report.ts';
import { harnessOf } from '#runner/harness/index.ts';
import { buildMutant, openAdapter } from '../mutant.ts';
import { projectRoot } from '../server-process.ts';
import { act } from './act.ts';
import type { Behaviour } from './behaviour.ts';
import type { Cell } from './cell.ts';
import { stop } from './stop.ts';
import { table } from './table.ts';
import { talk } from './talk.ts';
import { Trial } from './trial.ts';
import { openWorld, type World } from './world.ts';

const subjects = ['claude-code', 'claude-sdk', 'acp:example', 'acp:opencode'];
/** Stopping ends the session, so it comes last. */
const behaviours: Behaviour[] = [
  ...talk.slice(0, -1),
  ...act,
  ...stop.slice(0, -1),
  ...talk.slice(-1),
  ...stop.slice(-1),
];
/** What `npm test` runs: one whole agent, and the gate of a real CLI. */
const smoke: Record<string, readonly string[]> = {
  'acp:example': behaviours.map(({ name }) => name),
  'claude-sdk': ['basic turn', 'gate: deny', 'gate: garbage', 'usage', 'process tree after stop'],
};

function readArguments() {
  const { values } = parseArgs({
    options: {
      harness: { type: 'string' },
      smoke: { type: 'boolean', default: false },
      only: { type: 'string' },
      mutant: { type: 'boolean', default: false },
      out: { type: 'string' },
      docs: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  return values;
}

async function tryOne(trial: Trial, behaviour: Behaviour): Promise<Cell> {
  trial.begin();
  const since = performance.now();
  const declared = behaviour.declared(trial.capabilities);
  const observed = await behaviour
    .observe(trial)
    .catch((cause: unknown) => `failed: ${cause instanceof Error ? cause.message : String(cause)}`);
  const ms = Math.round(performance.now() - since);
  return { harness: trial.harness, behaviour: behaviour.name, declared, observed, ok: declared === observed, ms };
}

/** A behaviour that failed may leave a turn running: the next one begins in a session of its own. */
async function tryAll(
  world: World,
  harness: string,
  chosen: Behaviour[],
  note: (line: string) => void,
): Promise<Cell[]> {
  const { capabilities } = await harnessOf(harness);
  const cells: Cell[] = [];
  let trial: Trial | null = null;
  for (const behaviour of chosen) {
    trial ??= await Trial.open(world, harness, capabilities);
    const cell = await tryOne(trial, behaviour);
    cells.push(cell);
    note(
      `${cell.ok ? 'ok   ' : 'DRIFT'} ${harness} · ${cell.behaviour}: ${cell.observed}${cell.ok ? '' : ` (declared: ${cell.declared})`} (${cell.ms} ms)`,
    );
    if (cell.ok) continue;
    await world.ada.api.session.stop.mutate({ session: trial.sessionId }).catch(() => undefined);
    trial = null;
  }
  if (trial) await world.ada.api.session.end.mutate({ session: trial.sessionId, discard: true }).catch(() => undefined);
  return cells;
}

async function main(): Promise<void> {
  const { harness, smoke: isSmoke, only, out, docs, json, mutant } = readArguments();
  const note = (line: string) => void process.stderr.write(`${line}\n`);
  const report = openReport();
  const lines: string[] = [];
  const runner = mutant ? join(projectRoot, await buildMutant(openAdapter), 'dist/runner.js') : undefined;
  const world = await openWorld((line) => void lines.push(line), runner);
  const cells: Cell[] = [];
  try {
    const wanted = harness ? [harness] : isSmoke ? Object.keys(smoke) : subjects;
    for (const each of wanted) {
      const names = isSmoke ? (smoke[each] ?? []) : only ? only.split(',') : null;
      const chosen = behaviours.filter(({ name }) => names === null || names.includes(name));
      cells.push(...(await tryAll(world, each, chosen, note)));
    }
  } finally {
    await world.close();
  }
  if (out) await writeReport(out, report, { cells });
  if (docs) await writeFile(docs, table(cells));
  if (json) process.stdout.write(`${JSON.stringify({ cells })}\n`);
  const drift = cells.filter(({ ok }) => !ok).length;
  if (drift > 0) note(lines.slice(-40).join('\n'));
  note(`${cells.length} cells, drift ${drift}`);
  process.exit(drift === 0 && cells.length > 0 ? 0 : 1);
}

main().catch((cause: unknown) => {
  process.stderr.write(`${cause instanceof Error ? cause.stack : String(cause)}\n`);
  process.exit(1);
});
