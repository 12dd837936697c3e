/** pause.to-quiet: from the click on Pause until the last process has written and the last byte of the model has come. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Growth, sizeOf } from '#e2e/watch-ticks.ts';
import type { SessionId } from '#protocol/id.ts';
import { type AgentStage, agentStage } from '../agent-stage.ts';
import { toResult } from '../result.ts';
import { type Measure, settle } from '../stage.ts';

const harness = 'acp:example';
/** Longer than any run, in pieces of 20 ms. */
const pieces = 100_000;
const stillMs = 300;

/** A session whose command writes every 20 ms. */
async function counting({ ada, dir }: AgentStage): Promise<{ session: SessionId; file: string }> {
  const { sessionId: session, checkout } = await ada.api.session.create.mutate({ dir, harness });
  await ada.api.turn.send.mutate({ session, prompt: 'Count' });
  return { session, file: join(checkout, 'ticks') };
}

/** How long after the click the last sign of life came, 0 where none came after it. `least`: growth before the click. */
async function lateness({ ada }: AgentStage, session: SessionId, size: () => number, least: number): Promise<number> {
  const growth = new Growth(size);
  await growth.grown(least);
  // Not in step with what is counted.
  await sleep(Math.random() * 40);
  const since = performance.now();
  await ada.api.session.pause.mutate({ session });
  const late = await growth.stopped(since, stillMs);
  growth.close();
  await ada.api.session.resume.mutate({ session });
  return Math.max(0, late);
}

export const pause: Measure = {
  name: 'pause.to-quiet',
  async run(stage, { runs, isQuick }) {
    const agents = await agentStage(stage);
    const { model, ada, dir } = agents;
    const loop = 'while :; do printf . >> ticks; sleep 0.02; done';
    model.play({
      rules: [
        { match: { contains: 'Count' }, steps: [{ shell: `(${loop}) & ${loop}` }] },
        { steps: [{ text: 'x '.repeat(pieces), chunks: pieces, delayMs: 20 }] },
      ],
    });
    try {
      const { session, file } = await counting(agents);
      const { sessionId: talking } = await ada.api.session.create.mutate({ dir, harness });
      /** Each a turn of its own: an answer that is broken off begins anew. */
      const talk = async () => {
        await ada.api.turn.send.mutate({ session: talking, prompt: 'Talk' });
        const late = await lateness(agents, talking, sent, 4_000);
        await ada.api.turn.interrupt.mutate({ session: talking });
        return late;
      };
      const sent = () => model.requests.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
      const samples: number[] = [];
      for (let n = -1; n < (runs ?? (isQuick ? 5 : 40)); n++) {
        const late = [await lateness(agents, session, () => sizeOf(file), 20), await talk()];
        if (n >= 0) samples.push(...late);
        await settle(200);
      }
      const method =
        'from the call of session.pause to the last growth of a file that two processes of an agent write every 20 ms, and to ' +
        'the last byte of an answer that the scripted provider streams every 20 ms, in alternation; looked at every 3 ms';
      return [toResult({ name: 'pause.to-quiet', unit: 'ms', samples, aimMax: 200, method })];
    } finally {
      await agents.close();
    }
  },
};
