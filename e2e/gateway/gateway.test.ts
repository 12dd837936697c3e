/** The whole way of a model call: an agent's client, the agent port, the server's gateway, the scripted provider. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from 'vitest';
import { newId, type TurnId } from '#protocol/id.ts';
import type { AgentAccess } from '#runner/agent-access.ts';
import { AgentPort } from '#runner/agent-port.ts';
import { openTestServer, type TestServer, type Visitor } from '#server/testing.ts';
import { startSession } from '#server/testing-runner.ts';
import { ModelServer } from '../model/server.ts';

const key = 'sk-not-a-real-key';
const turnId = newId('turn', { now: () => 0, random: (bytes) => void bytes.set(randomBytes(bytes.length)) });
let model: ModelServer;
let server: TestServer;
let ada: Visitor;

beforeAll(async () => {
  model = await ModelServer.start(0);
  const providers = { anthropic: { baseUrl: model.url, key }, openai: { baseUrl: `${model.url}/v1`, key } };
  server = await openTestServer({ providers });
  ada = await server.signIn('ada');
});
afterEach(() => model.forget());
afterAll(async () => {
  await server.close();
  await model.close();
});

interface Agent extends AgentAccess {
  sessionId: string;
  port: AgentPort;
}

/** An agent of a new session, as its harness would give it access. */
async function admit(turn: TurnId | null = turnId, at: TestServer = server, visitor: Visitor = ada): Promise<Agent> {
  const { sessionId, runner } = await startSession(at, visitor);
  const serverFile = join(at.home, `server-${sessionId}.json`);
  const content = { pid: 1, url: at.url, version: '0.1.0', startedAt: new Date().toISOString(), postgres: null };
  await writeFile(serverFile, JSON.stringify(content));
  const port = await AgentPort.open({ server: () => null, serverFile, key: runner.launch.key, log: () => undefined });
  onTestFinished(() => port.close());
  return { sessionId, port, ...port.admit('coder', () => turn) };
}

const call = (agent: Agent, path: string, body: object, init: RequestInit = {}) =>
  fetch(`${agent.url}${path}`, {
    method: 'POST',
    body: JSON.stringify({ model: 'fake-1', stream: true, ...body }),
    ...init,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${agent.token}`, ...init.headers },
  });
const prompt = { messages: [{ role: 'user', content: 'go' }] };

async function usageOf({ sessionId }: Agent, at: TestServer = server) {
  const events = await at.services.log.read(sessionId as never, { after: 0, limit: 500 });
  return events.filter((event) => event.type === 'usage.recorded').map(({ payload }) => payload);
}

const tokens = { input: 5, cacheRead: 7, cacheWrite5m: 2, cacheWrite1h: 3, output: 11 };

it('[GWY1] passes the answer on byte for byte, with our key instead of the agent’s token', async () => {
  model.play({ rules: [{ steps: [{ reasoning: 'hm' }, { text: 'one two three' }], usage: tokens }] });
  const agent = await admit();
  const answered = await call(agent, '/v1/messages?beta=true', prompt, {
    headers: { 'anthropic-beta': 'x', cookie: 'a=b' },
  });
  const text = await answered.text();
  expect(answered.headers.get('content-type')).toBe('text/event-stream');
  const [seen] = model.requests;
  expect(seen?.bytesSent).toBe(Buffer.byteLength(text));
  expect(seen?.path).toBe('/v1/messages?beta=true');
  expect(seen?.body).toMatchObject(prompt);
  expect(seen?.headers).toMatchObject({ 'x-api-key': key, 'anthropic-beta': 'x' });
  expect(JSON.stringify(seen?.headers)).not.toMatch(/agk_|rnk_|omnigent|cookie/);
});

it('[GWY2] records the tokens of every kind and API once, in the session’s log', async () => {
  model.play({ rules: [{ steps: [{ text: 'done' }], usage: tokens }] });
  const agent = await admit();
  await (await call(agent, '/v1/messages', prompt)).text();
  await (await call(agent, '/v1/messages', { ...prompt, stream: false })).text();
  await (await call(agent, '/v1/responses', { input: 'go' })).text();
  await (await call(agent, '/v1/chat/completions', prompt)).text();
  await (await call(agent, '/v1/messages/count_tokens', prompt)).text();
  await expect.poll(() => usageOf(agent)).toHaveLength(4);
  const common = {
    agent: 'coder',
    turnId,
    model: 'fake-1',
    status: 'settled',
    outputTokens: 11,
    cacheReadTokens: 7,
    costMicroUsd: null,
  };
  const anthropic = { ...common, provider: 'anthropic', inputTokens: 5, cacheWrite5mTokens: 2, cacheWrite1hTokens: 3 };
  // These APIs count what went into a cache as input, and tell only what came from one.
  const openai = { ...common, provider: 'openai', inputTokens: 10, cacheWrite5mTokens: 0, cacheWrite1hTokens: 0 };
  expect(await usageOf(agent)).toMatchObject([anthropic, anthropic, openai, openai]);
  await expect.poll(() => server.sql`select 1 from model_calls`, { timeout: 5_000 }).toHaveLength(0);
});

it('[GWY10] tokens of a chat completion are known though its client did not ask, and it gets none', async () => {
  model.play({ rules: [{ steps: [{ text: 'one two three' }], usage: tokens }] });
  const agent = await admit();
  const unasked = await (await call(agent, '/v1/chat/completions', prompt)).text();
  const asking = { ...prompt, stream_options: { include_usage: true } };
  const asked = await (await call(agent, '/v1/chat/completions', asking)).text();
  const whole = await (await call(agent, '/v1/chat/completions', { ...prompt, stream: false })).text();
  expect(unasked).not.toContain('prompt_tokens');
  expect(unasked).toMatch(/three.*data: \[DONE\]\n\n$/s);
  for (const text of [asked, whole]) expect(text).toContain('prompt_tokens');
  const bodies = model.requests.map(({ body }) => (body as { stream_options?: unknown }).stream_options);
  expect(bodies).toEqual([{ include_usage: true }, { include_usage: true }, undefined]);
  expect(model.requests[1]?.bytesSent).toBe(Buffer.byteLength(asked));
  await expect.poll(() => usageOf(agent)).toHaveLength(3);
  const settled = { status: 'settled', inputTokens: 10, outputTokens: 11 };
  expect(await usageOf(agent)).toMatchObject([settled, settled, settled]);
});

it('[GWY10] a body that is no JSON reaches the provider as it is', async () => {
  const agent = await admit();
  const answered = await call(agent, '/v1/chat/completions', {}, { body: '{"stream":true' });
  expect([answered.status, await answered.text()]).toEqual([400, expect.stringContaining('JSON')]);
});

it('[GWY3] a refusal of the provider reaches the agent as it is, and costs nothing', async () => {
  model.play({
    rules: [{ steps: [{ status: 429, headers: { 'retry-after': '7' }, body: { error: { message: 'slow down' } } }] }],
  });
  const agent = await admit();
  const refused = await call(agent, '/v1/messages', prompt);
  expect([refused.status, refused.headers.get('retry-after'), await refused.json()]).toEqual([
    429,
    '7',
    { error: { message: 'slow down' } },
  ]);
  await expect.poll(() => usageOf(agent)).toMatchObject([{ status: 'settled', inputTokens: 0, outputTokens: 0 }]);
});

it('[GWY4] a call that is cut, by either side, is unknown-spent, and the other side notices', async () => {
  model.play({
    rules: [
      { match: { contains: 'cut' }, steps: [{ text: 'half' }, { cut: true }], usage: tokens },
      { steps: [{ text: 'before' }, { gate: 'door' }, { text: 'after' }], usage: tokens },
    ],
  });
  const agent = await admit();
  const cut = await call(agent, '/v1/messages', { messages: [{ role: 'user', content: 'cut' }] });
  await expect(cut.text()).rejects.toThrow();
  await expect.poll(() => usageOf(agent)).toMatchObject([{ status: 'unknown', inputTokens: 5 }]);
  const leaving = new AbortController();
  const left = await call(agent, '/v1/messages', prompt, { signal: leaving.signal });
  await left.body?.getReader().read();
  leaving.abort();
  await expect.poll(() => model.requests.at(-1)?.closedBy).toBe('client');
  await expect.poll(() => usageOf(agent)).toMatchObject([{}, { status: 'unknown' }]);
});

it('[GWY4] a call that is given up before it went out does not go out, and costs nothing', async () => {
  const agent = await admit();
  const leaving = new AbortController();
  await server.sql.begin(async (sql) => {
    await sql`lock table model_calls in exclusive mode`;
    const left = call(agent, '/v1/messages', prompt, { signal: leaving.signal });
    await new Promise((resolve) => setTimeout(resolve, 300));
    leaving.abort();
    await expect(left).rejects.toThrow();
    await new Promise((resolve) => setTimeout(resolve, 300));
  });
  await expect.poll(() => server.sql`select 1 from model_calls where agent = 'coder'`, { timeout: 5_000 }).toEqual([]);
  expect(model.requests).toEqual([]);
  await expect.poll(() => usageOf(agent)).toMatchObject([{ status: 'settled', inputTokens: 0, outputTokens: 0 }]);
});

it('[GWY3] a refusal of our key that is cut in the middle is told all the same', async () => {
  const broken = createServer((request, response) => {
    request.resume();
    response.writeHead(401, { 'content-length': '1000' });
    response.write('{"error":', () => response.destroy());
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void broken.close());
  await once(broken, 'listening');
  const agent = await admit();
  const baseUrl = `http://127.0.0.1:${(broken.address() as AddressInfo).port}`;
  await server.services.providers.set({ name: 'anthropic', key: 'sk-refused', baseUrl }, ada.personId);
  const answered = await call(agent, '/v1/messages', prompt);
  await server.services.providers.remove('anthropic', ada.personId);
  expect(answered.status).toBe(400);
  expect(await answered.text()).toContain('/settings');
});

it('[GWY5] garbage is the agent’s to judge, and unknown-spent', async () => {
  model.play({ rules: [{ steps: [{ garbage: true }] }] });
  const agent = await admit();
  expect(await (await call(agent, '/v1/messages', prompt)).text()).toContain('garbage');
  await expect.poll(() => usageOf(agent)).toMatchObject([{ status: 'unknown' }]);
});

it('[GWY6] without a key the agent is told what to do, in the shape its API has', async () => {
  const bare = await openTestServer();
  onTestFinished(() => bare.close());
  const agent = await admit(turnId, bare, await bare.signIn('ada'));
  const refused = await call(agent, '/v1/messages', prompt);
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({
    type: 'error',
    error: { type: 'invalid_request_error', message: expect.stringMatching(/ANTHROPIC_API_KEY.*npm run demo/) },
  });
  expect(await (await call(agent, '/v1/responses', { input: 'go' })).json()).toMatchObject({
    error: { message: expect.stringContaining(`${bare.url}/settings`) },
  });
  expect(await usageOf(agent, bare)).toEqual([]);
});

it('[GWY12] a stored key is used by the next call, and after its removal that of the environment', async () => {
  model.play({ rules: [{ steps: [{ text: 'done' }] }] });
  const agent = await admit();
  const { providers } = server.services;
  const usedKey = async () => {
    await (await call(agent, '/v1/messages', prompt)).text();
    return model.requests.at(-1)?.headers['x-api-key'];
  };
  expect(await usedKey()).toBe(key);
  await providers.set({ name: 'anthropic', key: 'sk-stored', baseUrl: model.url }, ada.personId);
  expect(await usedKey()).toBe('sk-stored');
  await providers.remove('anthropic', ada.personId);
  expect(await usedKey()).toBe(key);
});

it('[PRV5] a stored key that cannot be read fails the call with the fix', async () => {
  const { sql, services, home } = server;
  await services.providers.set({ name: 'openai', key: 'sk-stored', baseUrl: model.url }, ada.personId);
  await sql`update providers set sealed_key = set_byte(sealed_key, 20, get_byte(sealed_key, 20) # 1)`;
  const next = await openTestServer({}, { home, sql, host: server.host, closeDatabase: async () => undefined });
  onTestFinished(() => void next.crash());
  const agent = await admit(turnId, next, await next.signIn('ada'));
  const refused = await call(agent, '/v1/responses', { input: 'go' });
  expect(refused.status).toBe(400);
  expect(await refused.text()).toMatch(/another secret key.*\/settings/);
  await services.providers.remove('openai', ada.personId);
});

it('[GWY11] without a key of ours an agent’s own sign-in is passed on, its refusal too, and what it spends is recorded', async () => {
  model.play({
    rules: [{ match: { nth: 1 }, steps: [{ text: 'done' }], usage: tokens }, { steps: [{ status: 401 }] }],
  });
  const environment = { anthropic: { baseUrl: model.url, key: null }, openai: { baseUrl: null, key: null } };
  const bare = await openTestServer({ providers: environment });
  onTestFinished(() => bare.close());
  const visitor = await bare.signIn('ada');
  const agent = await admit(turnId, bare, visitor);
  expect(await agent.hasKey('anthropic')).toBe(false);
  const signedIn = { headers: { 'x-omnigent-token': agent.token, authorization: 'Bearer own-sign-in' } };
  await (await call(agent, '/v1/messages', prompt, signedIn)).text();
  expect(model.requests.at(-1)?.headers).toMatchObject({ authorization: 'Bearer own-sign-in' });
  expect(JSON.stringify(model.requests.at(-1)?.headers)).not.toMatch(/agk_|rnk_|omnigent|x-api-key/);
  await expect.poll(() => usageOf(agent, bare)).toMatchObject([{ status: 'settled', outputTokens: 11 }]);
  expect((await call(agent, '/v1/messages', prompt, signedIn)).status).toBe(401);
  await bare.services.providers.set({ name: 'anthropic', key, baseUrl: model.url }, visitor.personId);
  expect(await agent.hasKey('anthropic')).toBe(true);
  await (await call(agent, '/v1/messages', prompt, signedIn)).text();
  expect(model.requests.at(-1)?.headers).toMatchObject({ 'x-api-key': key });
  expect(model.requests.at(-1)?.headers.authorization).toBeUndefined();
});

it('[GWY11] a sign-in without the agent’s token is nobody’s', async () => {
  const agent = await admit();
  for (const headers of [
    { authorization: 'Bearer own' },
    { 'x-omnigent-token': 'agk_wrong', authorization: 'Bearer own' },
  ])
    expect((await call({ ...agent, token: '' }, '/v1/messages', prompt, { headers })).status).toBe(401);
  expect(model.requests).toEqual([]);
});

it('[GWY7] only an agent of a running session calls models', async () => {
  const agent = await admit();
  const stranger = await call({ ...agent, token: 'agk_wrong' }, '/v1/messages', prompt);
  expect(stranger.status).toBe(401);
  agent.port.revoke('coder');
  expect((await call(agent, '/v1/messages', prompt)).status).toBe(401);
  const person = await server.token('ada');
  const direct = await server.request('/gateway/v1/messages', {
    method: 'POST',
    headers: { authorization: `Bearer ${person}`, 'x-omnigent-agent': 'coder' },
    body: '{}',
  });
  expect(direct.status).toBe(403);
  expect(model.requests).toEqual([]);
});

it('[GWY8] a provider that cannot be reached is said to be so', async () => {
  const gone = await ModelServer.start(0);
  const { url } = gone;
  await gone.close();
  const lost = await openTestServer({ providers: { anthropic: { baseUrl: url, key }, openai: { baseUrl: url, key } } });
  onTestFinished(() => lost.close());
  const agent = await admit(turnId, lost, await lost.signIn('ada'));
  const refused = await call(agent, '/v1/messages', prompt);
  expect([refused.status, await refused.text()]).toEqual([502, expect.stringContaining('cannot be reached')]);
});

it('[GWY9] calls that a dead server left are unknown-spent once it is back, once', async () => {
  model.play({ rules: [{ steps: [{ text: 'before' }, { gate: 'never' }], usage: tokens }] });
  const providers = { anthropic: { baseUrl: model.url, key }, openai: { baseUrl: model.url, key } };
  const dying = await openTestServer({ providers });
  const agent = await admit(turnId, dying, await dying.signIn('ada'));
  const cut = await call(agent, '/v1/messages', prompt);
  await cut.body?.getReader().read();
  const remains = await dying.crash();
  const next = await openTestServer({ providers }, remains);
  onTestFinished(() => next.close());
  await expect.poll(() => usageOf(agent, next)).toMatchObject([{ status: 'unknown', agent: 'coder', model: 'fake-1' }]);
  await expect.poll(() => next.sql`select 1 from model_calls`, { timeout: 5_000 }).toHaveLength(0);
});

it('[PAU7] a pause breaks off what comes, and what comes anew waits until it goes on', async () => {
  model.play({
    rules: [
      { match: { contains: 'slow' }, times: 1, steps: [{ text: 'begin ' }, { gate: 'never' }] },
      { match: { contains: 'thinking' }, times: 1, steps: [{ gate: 'thought' }] },
      { steps: [{ text: 'whole' }], usage: tokens },
    ],
  });
  const agent = await admit();
  const sessionId = agent.sessionId as never;
  const person = await server.services.auth.personNamed('ada');
  const asking = (content: string) => call(agent, '/v1/messages', { messages: [{ role: 'user', content }] });
  const slow = await asking('slow');
  const broken = slow.text().then(
    () => 'whole',
    () => 'broken off',
  );
  const thinking = asking('thinking');
  await expect.poll(() => model.gates().map(({ waiting }) => waiting)).toEqual([1, 1]);
  await server.services.lifecycle.pause(sessionId, person);
  expect(await broken).toBe('broken off');
  await expect.poll(() => model.requests.map(({ closedBy }) => closedBy)).toEqual(['client', 'client']);
  const late = asking('another');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(model.requests).toHaveLength(2);
  await server.services.lifecycle.resume(sessionId, person);
  // Whoever had heard nothing yet is none the wiser.
  for (const answered of [await thinking, await late]) expect(await answered.text()).toContain('whole');
  await expect.poll(() => usageOf(agent)).toHaveLength(4);
  const statuses = (await usageOf(agent)).map(({ status, outputTokens }) => `${status} ${outputTokens}`);
  expect(statuses.sort()).toEqual(['settled 11', 'settled 11', 'unknown 0', 'unknown 1']);
});
