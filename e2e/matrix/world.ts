/**
 * A server in this process, with a judge that tests put in, on a scripted model: real Postgres, real runners, real agent
 * CLIs. Everything it starts is gone when it is closed.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareHome } from '#db/testing-home.ts';
import type { SessionEvent } from '#protocol/event.ts';
import type { SessionId } from '#protocol/id.ts';
import { boot } from '#server/boot.ts';
import { type Judge, recordingJudge } from '#server/turn/index.ts';
import { ModelServer } from '../model/server.ts';
import { killProcessesOf } from '../process-scan.ts';
import { projectRoot } from '../server-process.ts';
import { redeemLink, type Visitor } from '../visitor.ts';

/** An action without a verdict is held this long here, in ms. */
export const holdMs = 5_000;

export interface World {
  model: ModelServer;
  ada: Visitor;
  /** The newest commit of this folder is what sessions start from. */
  repository: string;
  judging: { judge: Judge };
  /** Events of a session from the beginning. */
  events(sessionId: SessionId): Promise<SessionEvent[]>;
  close(): Promise<void>;
}

const git = (cwd: string, ...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], { cwd, stdio: 'ignore' });

async function makeRepository(folder: string): Promise<string> {
  const repository = join(folder, 'repository');
  await mkdir(repository);
  await writeFile(join(repository, 'README.md'), '# Sample\n');
  git(repository, 'init', '-q');
  git(repository, 'add', '-A');
  git(repository, 'commit', '-qm', 'Begin');
  return repository;
}

/** `note` gets the server's log; `programs` are paths of agents' programs by variable. */
export async function openWorld(
  note: (line: string) => void,
  runnerFile?: string,
  programs: Readonly<Record<string, string>> = {},
): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'omnigent-matrix-'));
  execFileSync('chmod', ['755', folder]);
  // What the person who runs the tests has in their shell's start-up files is no part of them, nor its time.
  const { HOME } = process.env;
  process.env.HOME = await mkdtemp(join(folder, 'person-'));
  const model = await ModelServer.start(0);
  const judging = { judge: recordingJudge };
  const provider = (baseUrl: string) => ({ baseUrl, key: 'sk-scripted-model' });
  const home = join(folder, 'home');
  await prepareHome(home);
  const running = await boot({
    config: {
      ...{ home, port: 0, listen: '127.0.0.1', publicUrl: null, allowsHttp: false, databaseUrl: null, user: 'ada' },
      providers: { anthropic: provider(model.url), openai: provider(`${model.url}/v1`) },
      secretKey: null,
      nextSecretKey: null,
      allowsLoopbackPush: false,
      checkouts: 'copy',
      agents: { holdMs, programs },
    },
    ...(runnerFile !== undefined && { runnerFile }),
    ...{ root: projectRoot, version: '0.0.0', progress: note, note },
    openPages: async () => ({
      handle: async (_, response) => void response.writeHead(404).end(),
      close: async () => undefined,
    }),
    onFatal: (cause) => note(cause.message),
    judge: (action, view) => judging.judge(action, view),
  });
  const ada = await redeemLink(running, await running.signIn());
  return {
    ...{ model, ada, judging, repository: await makeRepository(folder) },
    async events(sessionId) {
      const all: SessionEvent[] = [];
      for (;;) {
        const after = all.at(-1)?.seq ?? 0;
        const page = (await ada.api.session.history.query({ session: sessionId, after, limit: 500 })) as SessionEvent[];
        all.push(...page);
        if (page.length < 500) return all;
      }
    },
    async close() {
      process.env.HOME = HOME;
      await ada.leave();
      await running.stop();
      await model.close();
      await killProcessesOf(folder);
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}
