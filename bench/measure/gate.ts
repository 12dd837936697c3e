/** gate.overhead.*: what our session adds to each tool call of an agent CLI over the same CLI with an empty hook. */
import type { ModelServer } from '#e2e/model/server.ts';
import { agentStage, askOnce } from '../agent-stage.ts';
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

async function measureSubject(stage: Stage, { runs, isQuick }: BenchOptions, subject: Subject): Promise<Result[]> {
  const { harness, step, what, empty } = subject;
  const agents = await agentStage(stage);
  const { ada, model } = agents;
  const bare = await startBareAgent(harness, model);
  try {
    const session = await ada.api.session.create.mutate({ dir: agents.dir, harness });
    const [ours, plain]: [number[], number[]] = [[], []];
    for (let n = -1; n < (runs ?? (isQuick ? 1 : 6)); n++) {
      const one = await toolTimes(model, step(session.checkout), () => askOnce(agents, session.sessionId, 'Measure'));
      await settle(300);
      const other = await toolTimes(model, step(bare.cwd), () => bare.ask('Measure'));
      await settle(300);
      if (n < 0) continue;
      ours.push(...one);
      plain.push(...other);
    }
    const base = median(plain);
    return [
      toResult({
        ...{ name: `gate.overhead.${harness}`, unit: 'ms', samples: ours.map((ms) => ms - base), aim: 10 },
        baseline: { name: `the same CLI bare, ${empty}`, samples: plain },
        method:
          `from the end of the answer that called the tool (${what}) to the next request with its result, seen by the scripted provider; ` +
          `${calls} calls a turn, turns in our session and bare in alternation; each sample less the median of the bare ones; with agent port, gateway, verdict, log and sandbox`,
      }),
    ];
  } finally {
    await bare.close();
    await agents.close();
  }
}

export const gates: Measure[] = subjects.map((subject) => ({
  name: `gate.overhead.${subject.harness}`,
  run: (stage, options) => measureSubject(stage, options, subject),
}));
