/** `npx tsx e2e/terminal/record.ts [--tools FOLDER] NAME…`: makes recordings anew; CONTRIBUTING says when. */
import { parseArgs } from 'node:util';
import { claude, codex } from './program/agent.ts';
import { less, vim } from './program/editor.ts';
import { htop, tmux, vttest } from './program/monitor.ts';
import type { Performance } from './program/performance.ts';
import { Recorder } from './recorder.ts';
import { writeRecording } from './recording.ts';

const performances: Readonly<Record<string, Performance>> = { claude, codex, htop, less, tmux, vim, vttest };

async function record(name: string, { start, play }: Performance, tools: string | undefined): Promise<void> {
  const program: Awaited<ReturnType<Performance['start']>> = await start(tools);
  const recorder = new Recorder(program);
  try {
    await play(recorder);
    writeRecording({ name, cols: program.cols, rows: program.rows, steps: recorder.steps });
  } finally {
    await recorder.close();
    if ('close' in program) program.close?.();
  }
}

const { values, positionals } = parseArgs({ options: { tools: { type: 'string' } }, allowPositionals: true });
for (const name of positionals) {
  const performance = performances[name];
  if (performance === undefined) throw new Error(`${name}: one of ${Object.keys(performances).join(', ')}`);
  await record(name, performance, values.tools);
  process.stdout.write(`${name}\n`);
}
