/**
 * gate.overhead.*: what the gate adds to each tool call of an agent CLI over the same CLI with an empty hook of the same kind.
 * gate.session.*: what the whole session adds to it, over the bare CLI that calls its model directly.
 */
import { join } from 'node:path';
import type { ModelServer } from '#e2e/model/server.ts';
import { buildMutant, emptyGate } from '#e2e/mutant.ts';
import { type AgentStage, agentStage, askOnce } from '../agent-stage.ts';
import { startBareAgent } from '../bare-agent.ts';
import { median, type Result, toResult } from '../result.ts';
import { type BenchOptions, type Measure, type Stage, settle } from '../stage.ts';

interface Subject {
  harness: string;
  /** What the model calls, as a step of its script. `cwd` is where the agent works. */
  step: (cwd: string) => Parameters<ModelServer['play']>[0]['rules'][number]['steps'][number];
  what: string;
  empty: string;
}

const httpHook = 'its HTTP hook answered "allow" at once by a loopback server';
const client = 'an ACP client that allows at once';

const subjects: Subject[] = [
  {
    harness: 'claude-sdk',
    step: (cwd) => ({ tool: { name: 'Read', input: { file_path: `${cwd}/sample.txt` } } }),
    what: 'Read of a small file',
    empty: httpHook,
  },
  {
    harness: 'acp:example',
    step: () => ({ tool: { name: 'read', input: { path: 'sample.txt' } } }),
    what: 'read of a small file',
    empty: client,
  },
  { harness: 'acp:opencode', step: () => ({ shell: 'true' }), what: 'the command true', empty: client },
];

/** Tool calls of one turn. */
const calls = 30;

/** Ms from the end of each answer that called the tool to the arrival of the request with its result. */
async function toolTimes(model: ModelServer, step: ReturnType<Subject['step']>, ask: () => Promise<void>) {
  model.play({
    rules: [
      { match: { contains: 'Measure', hasToolResult: true }, times: calls, steps: [step] },
      { match: { contains: 'Measure', hasToolResult: true }, steps: [{ text: 'done' }] },
      { match: { contains: 'Measure' }, steps: [step] },
      { steps: [{ text: 'ok' }] },
    ],
  });
  model.forget();
  await ask();
  // What asks for a title of the conversation carries no result and is none of these.
  const chain = model.requests.filter(({ rule }) => rule === 0 || rule === 1);
  return chain.slice(1).map(({ clock }, at) => clock.arrived - (chain[at]?.clock.ended ?? Number.NaN));
}

/** Turns in our session, in one whose gate is empty, and of the bare CLI, in alternation. */
async function measureSubject(stage: Stage, { runs, isQuick }: BenchOptions, subject: Subject): Promise<Result[]> {
  const { harness, step, what, empty } = subject;
  const ours = await agentStage(stage);
  const open = await agentStage(stage, join(await buildMutant(emptyGate), 'dist/server.js'));
  const bare = await startBareAgent(harness, ours.model);
  const inSession = async (agents: AgentStage) => {
    const { sessionId, checkout } = await agents.ada.api.session.create.mutate({ dir: agents.dir, harness });
    return () => toolTimes(agents.model, step(checkout), () => askOnce(agents, sessionId, 'Measure'));
  };
  try {
    const ways = {
      ours: await inSession(ours),
      empty: await inSession(open),
      bare: () => toolTimes(ours.model, step(bare.cwd), () => bare.ask('Measure')),
    };
    const times = { ours: [] as number[], empty: [] as number[], bare: [] as number[] };
    for (let n = -1; n < (runs ?? (isQuick ? 1 : 6)); n++) {
      for (const way of ['ours', 'empty', 'bare'] as const) {
        const taken = await ways[way]();
        if (n >= 0) times[way].push(...taken);
        await settle(300);
      }
    }
    const less = (base: number[]) => times.ours.map((ms) => ms - median(base));
    const method =
      `from the end of the answer that called the tool (${what}) to the next request with its result, seen by the scripted ` +
      `provider; ${calls} calls a turn, turns in alternation; each sample less the median of the baseline`;
    return [
      toResult({
        ...{ name: `gate.overhead.${harness}`, unit: 'ms', samples: less(times.empty), aim: 10 },
        baseline: { name: 'the same session, its gate empty: it allows at once', samples: times.empty },
        method: `${method}; with hook, link, verdict and log`,
      }),
      toResult({
        ...{ name: `gate.session.${harness}`, unit: 'ms', samples: less(times.bare) },
        baseline: { name: `the same CLI bare, ${empty}`, samples: times.bare },
        method: `${method}; with gate, agent port, gateway, log and sandbox`,
      }),
    ];
  } finally {
    await bare.close();
    await open.close();
    await ours.close();
  }
}

export const gates: Measure[] = subjects.map((subject) => ({
  name: `gate.overhead.${subject.harness}`,
  run: (stage, options) => measureSubject(stage, options, subject),
}));
