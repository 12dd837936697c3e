/** The stage of approval runs: a server, sessions whose agents want to change something, and two people who decide about it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SessionId } from '#protocol/id.ts';
import { ModelServer } from '../../model/server.ts';
import type { Random } from '../../random.ts';
import { ServerProcess } from '../../server-process.ts';
import type { Visitor } from '../../visitor.ts';
import { LinkProxy } from '../link-proxy.ts';
import { divertRunners, makeRepository } from '../world.ts';
import { Approver } from './approver.ts';
import { Asker, playAsking, workspace } from './asker.ts';

/** Sessions that ask at the same time. */
const sessions = 3;

export interface ApprovalWorld {
  server: ServerProcess;
  /** The runners' way to the server. */
  proxy: LinkProxy;
  people: [Visitor, Visitor];
  askers: Asker[];
  approver: Approver;
  /** Sessions whose runner was killed. */
  killed: Set<SessionId>;
  close(): Promise<void>;
}

/** Every session is there when this resolves; nobody asks yet. */
export async function openApprovalWorld(random: Random): Promise<ApprovalWorld> {
  const model = await ModelServer.start(0);
  playAsking(model);
  let proxy: LinkProxy | null = null;
  const server = await ServerProcess.start({
    onPort: async (port) => {
      proxy = await LinkProxy.open(port);
      return { ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: 'sk-scripted-model', OMNIGENT_URL: proxy.url };
    },
  });
  const link = proxy as LinkProxy | null;
  if (!link) throw new Error('no proxy');
  const close = async () => {
    await link.close();
    await server.stop();
    await model.close();
  };
  try {
    await divertRunners(server, link);
    const world = await populate(server, random);
    return {
      ...{ ...world, server, proxy: link, killed: new Set() },
      async close() {
        for (const asker of world.askers) await asker.stop();
        world.approver.stop();
        await close();
      },
    };
  } catch (cause) {
    await close();
    throw new Error(`the stage could not be set: ${String(cause)}\n${server.output}`, { cause });
  }
}

async function populate(server: ServerProcess, random: Random) {
  const dir = join(server.folder, 'repository');
  await makeRepository(dir);
  const file = join(dir, 'omnigent.yaml');
  await writeFile(file, workspace);
  const people: [Visitor, Visitor] = [await server.signIn('Ada'), await server.signIn('Ben')];
  const approver = new Approver(people, random);
  let prompts = 0;
  const askers = await Promise.all(
    Array.from({ length: sessions }, () => Asker.open(people[0], file, () => prompts++)),
  );
  for (const { sessionId } of askers) approver.follow(sessionId);
  return { people, approver, askers };
}
