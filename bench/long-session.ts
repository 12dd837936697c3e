/** A session whose timeline is long: it begins and goes on with our agent on a real server, what lies between is appended to its log. */
import { randomFillSync } from 'node:crypto';
import type { SessionId } from '#protocol/id.ts';
import { createBus } from '#server/bus/index.ts';
import { openLog, type SessionTopics } from '#server/session/index.ts';
import { type AgentStage, agentStage, askOnce } from './agent-stage.ts';
import { withDatabase } from './seed-home.ts';
import { itemsPerTurn, sampleTurn } from './seed-turn.ts';
import type { Stage } from './stage.ts';

/** Contract: events of one append. */
const batch = 500;
/** In the text of the newest item. */
export const newestWords = 'the newest item of all';

export interface LongSession extends AgentStage {
  sessionId: SessionId;
  name: string;
}

/** Opens a server of its own with one session of `items` items and an agent that runs. */
export async function openLongSession(stage: Stage, items: number): Promise<LongSession> {
  const agents = await agentStage(stage);
  const { ada, server } = agents;
  const { sessionId } = await ada.api.session.create.mutate({
    dir: agents.dir,
    harness: 'acp:example',
    agent: 'coder',
  });
  await askOnce(agents, sessionId, 'Begin.');
  await ada.api.session.stop.mutate({ session: sessionId });
  const { personId } = await ada.api.person.me.query();
  await server.kill('SIGTERM');
  await withDatabase(server.home, async ({ sql }) => {
    const clock = { now: () => Date.now() };
    const random = (bytes: Uint8Array) => void randomFillSync(bytes);
    const log = await openLog({ sql, clock, random, bus: createBus<SessionTopics>(() => undefined) });
    const turns = Math.ceil(items / itemsPerTurn);
    let waiting: ReturnType<typeof sampleTurn> = [];
    for (let n = 1; n <= turns; n++) {
      const turn = sampleTurn({ n, agent: 'coder', personId, last: n === turns ? newestWords : null });
      if (waiting.length + turn.length > batch) await log.append(sessionId, waiting.splice(0));
      waiting = [...waiting, ...turn];
    }
    await log.append(sessionId, waiting);
    await log.flush();
    await log.close();
  });
  await server.restart();
  await ada.leave();
  const again = await server.signIn('Ada');
  const { view } = await again.api.session.get.query({ session: sessionId });
  return { ...agents, ada: again, sessionId, name: view.name };
}
