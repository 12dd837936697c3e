/** turn.*: how long an agent's turn takes beside its model, from a person's call to what they see. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionId } from '#protocol/id.ts';
import { type AgentStage, agentStage, Watch } from '../agent-stage.ts';
import { type Result, toResult } from '../result.ts';
import type { BenchOptions, Measure, Stage } from '../stage.ts';

const harness = 'acp:example';
const common = 'our agent on a scripted model without latency, over one WebSocket of a signed-in person';
/** Between two turns of a measure, ms: what the last one changed has been looked up by then. */
const restMs = 100;

async function withSession<T>(
  stage: Stage,
  work: (agents: AgentStage, sessionId: SessionId, watch: Watch) => Promise<T>,
): Promise<T> {
  const agents = await agentStage(stage);
  try {
    const { sessionId } = await agents.ada.api.session.create.mutate({ dir: agents.dir, harness });
    const watch = new Watch(agents.ada, sessionId);
    const done = watch.next('turn.completed');
    await agents.ada.api.turn.send.mutate({ session: sessionId, prompt: 'Warm up.' });
    await done;
    const result = await work(agents, sessionId, watch);
    watch.close();
    return result;
  } finally {
    await agents.close();
  }
}

const countOf = ({ runs, isQuick }: BenchOptions, quick: number, full: number): number =>
  runs ?? (isQuick ? quick : full);

export const turnWarm: Measure = {
  name: 'turn.warm',
  run: (stage, options) =>
    withSession(stage, async ({ calls }, session, watch) => {
      const samples: number[] = [];
      for (let n = -5; n < countOf(options, 50, 300); n++) {
        const done = watch.next('turn.completed');
        const since = performance.now();
        await calls.mutate('turn.send', { session, prompt: `Prompt ${n}` });
        const ms = (await done) - since;
        if (n >= 0) samples.push(ms);
        await sleep(restMs);
      }
      const method = `${common}: from the call of turn.send to the event turn.completed`;
      return [toResult({ name: 'turn.warm', unit: 'ms', samples, aim: 25, method })];
    }),
};

export const turnFirstToken: Measure = {
  name: 'turn.first-token',
  run: (stage, options) =>
    withSession(stage, async ({ calls }, session, watch) => {
      const samples: number[] = [];
      for (let n = -5; n < countOf(options, 50, 300); n++) {
        const [text, done] = [watch.nextText(), watch.next('turn.completed')];
        const since = performance.now();
        await calls.mutate('turn.send', { session, prompt: `Prompt ${n}` });
        const ms = (await text) - since;
        await done;
        if (n >= 0) samples.push(ms);
        await sleep(restMs);
      }
      const method = `${common}: from the call of turn.send to the first text`;
      return [toResult({ name: 'turn.first-token', unit: 'ms', samples, aim: 20, method })];
    }),
};

export const turnInterrupt: Measure = {
  name: 'turn.interrupt',
  run: (stage, options) =>
    withSession(stage, async ({ calls, model }, session, watch) => {
      model.play({ rules: [{ steps: [{ text: 'begin ' }, { gate: 'never' }] }] });
      const samples: number[] = [];
      for (let n = -2; n < countOf(options, 20, 100); n++) {
        const [text, done] = [watch.nextText(), watch.next('turn.completed')];
        await calls.mutate('turn.send', { session, prompt: `Prompt ${n}` });
        await text;
        await sleep(50);
        const since = performance.now();
        await calls.mutate('turn.interrupt', { session });
        const ms = (await done) - since;
        if (n >= 0) samples.push(ms);
      }
      const method = `${common}: from the call of turn.interrupt, in the middle of a text, to the event turn.completed`;
      return [toResult({ name: 'turn.interrupt', unit: 'ms', samples, aim: 30, method })];
    }),
};

/** A new session, or one that was stopped, to the end of its first turn. */
async function cold({ ada, dir }: AgentStage, rounds: number, isRestart: boolean): Promise<number[]> {
  const samples: number[] = [];
  for (let n = -1; n < rounds; n++) {
    let since = performance.now();
    const { sessionId } = await ada.api.session.create.mutate({ dir, harness, wait: isRestart });
    const watch = new Watch(ada, sessionId);
    if (isRestart) {
      const first = watch.next('turn.completed');
      await ada.api.turn.send.mutate({ session: sessionId, prompt: 'First.' });
      await first;
      await ada.api.session.stop.mutate({ session: sessionId });
      since = performance.now();
      await ada.api.session.resume.mutate({ session: sessionId });
    }
    const done = watch.next('turn.completed');
    await ada.api.turn.send.mutate({ session: sessionId, prompt: 'Go.' });
    const ms = (await done) - since;
    watch.close();
    await ada.api.session.end.mutate({ session: sessionId, discard: true });
    if (n >= 0) samples.push(ms);
    await sleep(200);
  }
  return samples;
}

async function coldResult(stage: Stage, options: BenchOptions, isRestart: boolean): Promise<Result[]> {
  const agents = await agentStage(stage);
  try {
    const samples = await cold(agents, countOf(options, 5, 20), isRestart);
    const name = isRestart ? 'turn.cold-restart' : 'turn.cold-start';
    const begin = isRestart
      ? 'the call of session.resume on a stopped session'
      : 'the call of session.create on 20 files';
    const method = `${common}: from ${begin}, with checkout, runner and agent, to the event turn.completed`;
    return [toResult({ name, unit: 'ms', samples, aim: 600, method })];
  } finally {
    await agents.close();
  }
}

export const turnColdStart: Measure = {
  name: 'turn.cold-start',
  run: (stage, options) => coldResult(stage, options, false),
};
export const turnColdRestart: Measure = {
  name: 'turn.cold-restart',
  run: (stage, options) => coldResult(stage, options, true),
};
