/** Claude Code on a server without a key: it says where one is entered, or works with the sign-in of its own `/login`. */
import { chown, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { prepareHome } from '#db/testing-home.ts';
import { makeRepository } from '../chaos/world.ts';
import { until } from '../matrix/trial.ts';
import { ModelServer } from '../model/server.ts';
import { ServerProcess, type Visitor } from '../server-process.ts';

const agent = 'claude';
let model: ModelServer;
let server: ServerProcess;
let ada: Visitor;
let session: string;

beforeAll(async () => {
  model = await ModelServer.start(0);
  model.play({ rules: [{ match: {}, steps: [{ text: 'here' }] }] });
  server = await ServerProcess.start({ env: { ANTHROPIC_BASE_URL: model.url }, onHome: prepareHome });
  ada = await server.signIn('Ada');
  const dir = join(server.folder, 'person', 'sample');
  await mkdir(dir, { recursive: true });
  await makeRepository(dir, 3);
  ({ sessionId: session } = await ada.api.session.create.mutate({ dir, harness: 'claude-sdk', agent }));
});
afterAll(async () => {
  await ada.leave();
  await server.stop();
  await model.close();
});

/** One prompt, and how its turn ended. */
async function ask(harness: string) {
  const { turnId } = await ada.api.turn.send.mutate({ session, prompt: 'hello', agent, harness });
  return until('the end of the turn', async () => {
    const events = await ada.api.session.history.query({ session, after: 0, limit: 500 });
    const end = events.find((event) => event.type === 'turn.completed' && event.payload.turnId === turnId);
    return end?.type === 'turn.completed' ? end.payload : null;
  });
}

/** What `/login` leaves in the agent's folder. */
async function signIn(): Promise<void> {
  const folder = join(server.home, 'sessions', session, 'agents', agent, 'config');
  const claudeAiOauth = {
    ...{ accessToken: 'sk-ant-oat01-sign-in', refreshToken: 'sk-ant-ort01-none', expiresAt: 4_102_444_800_000 },
    ...{ scopes: ['user:inference', 'user:profile'], subscriptionType: 'max' },
  };
  const file = join(folder, '.credentials.json');
  await writeFile(file, JSON.stringify({ claudeAiOauth }), { mode: 0o600 });
  // It is the agent's own, whoever that is.
  const { uid, gid } = await stat(folder);
  await chown(file, uid, gid);
}

const proofs = () => model.requests.map(({ headers }) => [headers.authorization, headers['x-api-key']]);

it('[GWY6] without a key and without a sign-in its turn fails and names the settings', {
  timeout: 60_000,
}, async () => {
  expect(await ask('claude-sdk')).toMatchObject({ status: 'failed', reason: expect.stringContaining('/settings') });
  expect(model.requests).toEqual([]);
});

it('[GWY11] signed in it works, in its terminal and without, by its own proof', { timeout: 120_000 }, async () => {
  await signIn();
  for (const harness of ['claude-code', 'claude-sdk']) {
    model.forget();
    expect(await ask(harness)).toMatchObject({ status: 'completed' });
    expect(new Set(proofs().map(String))).toEqual(new Set(['Bearer sk-ant-oat01-sign-in,']));
  }
});

it('[GWY11] a key that is stored then takes over', { timeout: 60_000 }, async () => {
  model.forget();
  await ada.api.provider.set.mutate({ name: 'anthropic', key: 'sk-ant-stored', baseUrl: model.url });
  expect(await ask('claude-sdk')).toMatchObject({ status: 'completed' });
  expect(new Set(proofs().map(String))).toEqual(new Set([',sk-ant-stored']));
});
