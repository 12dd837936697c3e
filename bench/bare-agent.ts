/** An agent CLI as our adapter starts it, but bare: beside no session, straight to its model, its hook allowing at once. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModelServer } from '#e2e/model/server.ts';
import { projectRoot } from '#e2e/server-process.ts';
import { createLauncher } from '#runner/agent-process.ts';
import type { TurnSink } from '#runner/harness/harness.ts';
import { harnessOf } from '#runner/harness/index.ts';
import { noSandbox } from '#runner/sandbox/index.ts';

export interface BareAgent {
  cwd: string;
  /** Resolves when the turn is over. */
  ask(prompt: string): Promise<void>;
  close(): Promise<void>;
}

const allowed = JSON.stringify({
  hookSpecificOutput: { hookEventName: 'PreToolUse', permissionDecision: 'allow', permissionDecisionReason: 'allowed' },
});
const nothing = { append: () => undefined, restart: () => undefined, complete: () => undefined };
const sink: TurnSink = { item: () => nothing, gate: async () => ({ verdict: 'allow', command: null }) };

export async function startBareAgent(name: string, model: ModelServer): Promise<BareAgent> {
  const folder = await mkdtemp(join(tmpdir(), 'omnigent-bare-'));
  const hook = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end(allowed));
  });
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}`;
  const env = { ...process.env, OMNIGENT_AGENT_PATH: join(projectRoot, 'e2e/agents/node_modules/.bin') };
  const launcher = createLauncher(noSandbox('process-group', process.env), async () => undefined);
  await writeFile(join(folder, 'sample.txt'), 'a line\n');
  const isClaude = name.startsWith('claude');
  const agent = await (await harnessOf(name)).start({
    ...{ cwd: Promise.resolve(folder), env, home: folder, model: null, conversation: null, log: () => undefined },
    // The same settings name the hook and, for others than Claude Code, the model.
    access: {
      ...{ url: isClaude ? url : model.url, token: 'sk-bare-000000000000000000000000', programToken: '' },
      ...{ hasKey: async () => true, credentialRoutes: async () => [], onPost: () => undefined },
    },
    launcher: {
      spawn: (command, more, place) =>
        launcher.spawn(command, { ...more, ANTHROPIC_BASE_URL: model.url, HOME: folder }, { ...place, home: folder }),
    },
    openTerminal: () => Promise.reject(new Error('no terminals here')),
    begin: () => null,
    gate: async () => ({ verdict: 'allow', command: null }),
  });
  return {
    cwd: folder,
    async ask(prompt) {
      const { status, reason } = await agent.turn(prompt, sink);
      if (status !== 'completed') throw new Error(`the bare turn ${status}: ${reason}`);
    },
    async close() {
      await agent.close();
      hook.closeAllConnections();
      hook.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}
