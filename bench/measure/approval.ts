/** approval.decide-to-continue, inbox.open: how fast an agent goes on once a person has decided, and how fast what waits is shown. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SessionId } from '#protocol/id.ts';
import { type AgentStage, agentStage, Watch } from '../agent-stage.ts';
import { CallSocket } from '../call-socket.ts';
import { toResult } from '../result.ts';
import { seedApprovals } from '../seed-approvals.ts';
import { type Measure, settle } from '../stage.ts';

const workspace = `version: "2026.1"
workspace: { name: sample, allow_network_access: true }
policies:
  security_guardrails: { forbidden_commands: ["env"] }
`;

/** One turn whose command waits for a person. Ms from the call that decides to the next request of the agent to its model. */
async function decideOnce({ ada, calls, model }: AgentStage, session: SessionId, n: number): Promise<number> {
  model.play({
    rules: [
      { match: { contains: `Measure ${n};`, hasToolResult: true }, steps: [{ text: 'done' }] },
      { match: { contains: `Measure ${n};` }, steps: [{ shell: `echo ${n} > made.txt` }] },
    ],
  });
  model.forget();
  const { view } = await ada.api.session.get.query({ session });
  const watch = new Watch(ada, session, view.lastSeq);
  const asked = watch.next('approval.requested');
  await ada.api.turn.send.mutate({ session, prompt: `Measure ${n};` });
  await asked;
  const { pending } = await ada.api.approval.list.query({ decided: 0 });
  const question = pending.find(({ sessionId }) => sessionId === session);
  if (!question) throw new Error('nothing waits');
  const done = watch.next('turn.completed');
  // A person needs a moment, and what the request caused is over by then.
  await settle(50);
  const since = performance.now();
  await calls.mutate('approval.decide', { id: question.id, decision: 'approved', hash: question.hash });
  await done;
  watch.close();
  const next = model.requests.find(({ rule }) => rule === 0);
  if (!next) throw new Error('the agent did not go on');
  return next.clock.arrived - since;
}

export const decideToContinue: Measure = {
  name: 'approval.decide-to-continue',
  async run(stage, { runs, isQuick }) {
    const agents = await agentStage(stage);
    try {
      const file = join(agents.server.folder, 'omnigent.yaml');
      await writeFile(file, workspace);
      const { sessionId } = await agents.ada.api.session.create.mutate({
        ...{ workspace: file, dir: agents.dir, harness: 'acp:example' },
      });
      const samples: number[] = [];
      for (let n = -3; n < (runs ?? (isQuick ? 30 : 200)); n++) {
        const ms = await decideOnce(agents, sessionId, n + 3);
        if (n >= 0) samples.push(ms);
        await settle(100);
      }
      const method =
        'our agent on a scripted model, under a workspace file: from the call of approval.decide over an open WebSocket to the ' +
        'next request of the agent to its model, so with commit, delivery, the facts looked at again and the command itself (echo into a file)';
      return [toResult({ name: 'approval.decide-to-continue', unit: 'ms', samples, aimP95: 50, method })];
    } finally {
      await agents.close();
    }
  },
};

const data = { sessions: 250, decided: 20, pending: 4 } as const;

export const inboxOpen: Measure = {
  name: 'inbox.open',
  async run(stage, { runs, isQuick, note }) {
    const server = await stage.ownServer({ onHome: (home) => seedApprovals(home, data) });
    try {
      const calls = await CallSocket.open(await server.signIn());
      const waiting = data.sessions * data.pending;
      const open = async () => (await calls.query('approval.list', { decided: 20 })) as { pending: unknown[] };
      const { pending } = await open();
      note(`${pending.length} wait, ${Math.round(JSON.stringify(pending).length / 1024)} KiB`);
      if (pending.length !== waiting) throw new Error(`${pending.length} of ${waiting} wait`);
      const [samples, bare]: [number[], number[]] = [[], []];
      const timed = async (ask: () => Promise<unknown>) => {
        await settle(12);
        const since = performance.now();
        await ask();
        return performance.now() - since;
      };
      for (let n = -10; n < (runs ?? (isQuick ? 50 : 300)); n++) {
        const [ms, bareMs] = [await timed(open), await timed(() => calls.query('person.me'))];
        if (n < 0) continue;
        samples.push(ms);
        bare.push(bareMs);
      }
      calls.close();
      const method =
        `approval.list with all ${waiting} that wait (of ${data.sessions} sessions, with ${data.sessions * data.decided} decided ones in the log) and the newest 20 decided: ` +
        'one tRPC call over an open WebSocket, from its first byte out to its parsed answer, one at a time, warm';
      const baseline = { name: 'a call on the same socket that reads nothing (person.me), in turns', samples: bare };
      return [toResult({ name: 'inbox.open', unit: 'ms', samples, aim: 100, aimP95: 100, baseline, method })];
    } finally {
      await server.stop();
    }
  },
};
