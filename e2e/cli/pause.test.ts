/** Pausing sessions of real agents: how soon nothing moves any more, and that nothing is lost. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { prepareHome } from '#db/testing-home.ts';
import type { SessionEvent } from '#protocol/event.ts';
import { ModelServer } from '../model/server.ts';
import { ServerProcess, type Visitor } from '../server-process.ts';
import { Growth, sizeOf } from '../watch-ticks.ts';
import { Commands, makeRepository } from './command.ts';

vi.setConfig({ testTimeout: 120_000 });

/** From the click or the forbidden action to the last sign of life, in ms. */
const aimMs = 200;
const ticks = 250;
/** A counter file that grows every 20 ms, from a process that lost its parent as well. */
const counting = `(${loop('adrift')}) & ${loop('ticks')}; echo counted`;
const words = Array.from({ length: 150 }, (_, n) => `word${n} `).join('');

function loop(file: string): string {
  return `n=0; while [ $n -lt ${ticks} ]; do printf . >> ${file}; n=$((n+1)); sleep 0.02; done`;
}

let model: ModelServer;
let server: ServerProcess;
let ada: Visitor;
let dir: string;

beforeAll(async () => {
  model = await ModelServer.start(0);
  const env = { ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: 'sk-scripted-model' };
  server = await ServerProcess.start({ env, onHome: prepareHome });
  ada = await server.signIn('Ada');
  dir = join(server.folder, 'repository');
  await makeRepository(dir);
  model.play({
    rules: [
      { match: { contains: 'Count', hasToolResult: true }, steps: [{ text: 'It has counted.' }] },
      { match: { contains: 'Count' }, steps: [{ shell: counting }] },
      { match: { contains: 'Talk' }, steps: [{ text: words, chunks: 150, delayMs: 20 }] },
      { match: { contains: 'Forbidden', hasToolResult: true }, steps: [{ text: 'It was not allowed.' }] },
      { match: { contains: 'Forbidden' }, steps: [{ shell: 'env' }] },
      { steps: [{ text: 'ok' }] },
    ],
  });
});
afterAll(async () => {
  await server?.stop();
  await model?.close();
});

const omnigent = (...args: string[]) => new Commands(server, dir).run(args);
const json = (text: string) => JSON.parse(text.trim().split('\n').at(-1) ?? '');
const viewOf = async (session: string) => (await ada.api.session.get.query({ session })).view;
const eventsOf = (session: string) =>
  ada.api.session.history.query({ session, after: 0, limit: 1_000 }) as Promise<SessionEvent[]>;

async function endOf(session: string, turnId: string) {
  return vi.waitFor(
    async () => {
      const events = await eventsOf(session);
      const end = events.find((event) => event.type === 'turn.completed' && event.payload.turnId === turnId);
      if (end?.type !== 'turn.completed') throw new Error('the turn goes on');
      const said = events.filter((event) => event.type === 'item.completed' && event.payload.kind === 'message');
      const last = said.at(-1);
      return { ...end.payload, said: last?.type === 'item.completed' ? last.payload.text : '' };
    },
    { timeout: 90_000, interval: 100 },
  );
}

/** What is seen to stand still as long as the session is paused, and to go on after that. */
async function pausedAfter(session: string, growths: Growth[], click: () => Promise<unknown>): Promise<number[]> {
  const since = performance.now();
  await click();
  expect((await viewOf(session)).status).toBe('paused');
  return Promise.all(growths.map((growth) => growth.stopped(since)));
}

describe.each(['acp:example', 'claude-sdk'])('%s', (harness) => {
  it('[PAU1] a command and what it left behind stop within 200 ms of the click, and lose nothing', async () => {
    const { sessionId: session, checkout } = await ada.api.session.create.mutate({ dir, harness });
    const { turnId } = await ada.api.turn.send.mutate({ session, prompt: 'Count' });
    const files = ['ticks', 'adrift'].map((name) => join(checkout, name));
    const growths = files.map((file) => new Growth(() => sizeOf(file)));
    for (const growth of growths) await growth.grown(10);
    const late = await pausedAfter(session, growths, () => ada.api.session.pause.mutate({ session }));
    expect(Math.max(...late)).toBeLessThan(aimMs);
    expect(growths.map(({ size }) => size < ticks)).toEqual([true, true]);
    await ada.api.session.resume.mutate({ session });
    for (const growth of growths) await growth.grown(10);
    expect(await endOf(session, turnId)).toMatchObject({ status: 'completed', said: 'It has counted.' });
    expect(sizeOf(files[0] ?? '')).toBe(ticks);
    for (const growth of growths) growth.close();
  });

  it('[PAU7] an answer of the model stops within 200 ms of the click, and is whole after resume', async () => {
    const { sessionId: session } = await ada.api.session.create.mutate({ dir, harness });
    model.forget();
    const { turnId } = await ada.api.turn.send.mutate({ session, prompt: 'Talk' });
    const sent = () => model.requests.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
    const growth = new Growth(sent);
    await vi.waitFor(() => expect(sent()).toBeGreaterThan(2_000), { timeout: 60_000, interval: 5 });
    const [late] = await pausedAfter(session, [growth], () => ada.api.session.pause.mutate({ session }));
    expect(late).toBeLessThan(aimMs);
    growth.close();
    await ada.api.session.resume.mutate({ session });
    const end = await endOf(session, turnId);
    expect(end).toMatchObject({ status: 'completed', said: expect.stringContaining('word149') });
    expect(end.said.trim()).toBe(words.trim());
    const { calls } = await ada.api.turn.usage.query({ session });
    expect(calls.map(({ status }) => status)).toEqual(['unknown', 'settled']);
  });

  it('[PAU6] a forbidden command pauses it where the policy says so, and everything in it', async () => {
    const file = join(dir, 'pausing.yaml');
    const policies = 'policies:\n  on_violation: pause\n  security_guardrails: { forbidden_commands: [env] }\n';
    await writeFile(file, `version: "2026.1"\nworkspace: { name: sample, allow_network_access: true }\n${policies}`);
    const created = await omnigent('session', 'new', '--workspace', file, '--harness', harness, '--json');
    const { sessionId: session, checkout } = json(created.stdout);
    await ada.api.terminal.open.mutate({ session, command: ['sh', '-c', loop('beside')] });
    const growth = new Growth(() => sizeOf(join(checkout, 'beside')));
    await growth.grown(5);
    const { turnId } = await ada.api.turn.send.mutate({ session, prompt: 'Forbidden' });
    await vi.waitFor(async () => expect((await viewOf(session)).status).toBe('paused'), { timeout: 60_000 });
    await growth.stopped(performance.now());
    const events = await eventsOf(session);
    const asked = events.find(({ type }) => type === 'action.requested');
    expect(performance.timeOrigin + growth.lastAt - Date.parse(asked?.at ?? '')).toBeLessThan(aimMs);
    expect((await viewOf(session)).reason).toMatch(
      /^paused by policy, security_guardrails.forbidden_commands\[0\]: .*env/,
    );
    const shown = await omnigent('session', 'resume', session, '--json');
    expect([shown.exitCode, json(shown.stdout)]).toMatchObject([0, { sessionId: session }]);
    expect(await endOf(session, turnId)).toMatchObject({ status: 'completed', said: 'It was not allowed.' });
    await growth.grown(5);
    growth.close();
  });
});

it('[PAU2] pause by the command, kill -9 of the server meanwhile, and resume', async () => {
  const { sessionId: session, checkout } = await ada.api.session.create.mutate({ dir, harness: 'acp:example' });
  const { turnId } = await ada.api.turn.send.mutate({ session, prompt: 'Count' });
  const growth = new Growth(() => sizeOf(join(checkout, 'ticks')));
  await growth.grown(10);
  const paused = await omnigent('pause', session, '--json');
  const reason = expect.stringMatching(/^paused by /);
  const told = { sessionId: session, status: 'paused', reason, isFrozen: true };
  expect([paused.exitCode, json(paused.stdout)]).toEqual([0, told]);
  await growth.stopped(performance.now());
  const { size } = growth;
  await server.kill();
  await server.restart();
  await vi.waitFor(async () => expect((await viewOf(session)).status).toBe('paused'), { timeout: 20_000 });
  expect(growth.size).toBe(size);
  await omnigent('session', 'send', session, 'Later');
  const resumed = await omnigent('session', 'resume', session);
  expect(resumed.exitCode).toBe(0);
  expect(await endOf(session, turnId)).toMatchObject({ status: 'completed' });
  expect(sizeOf(join(checkout, 'ticks'))).toBe(ticks);
  growth.close();
});

it('[PAU5] interrupting, stopping and ending what is paused takes no time, and nothing of it runs again', async () => {
  const create = async () => {
    const { sessionId: session, checkout } = await ada.api.session.create.mutate({ dir, harness: 'acp:example' });
    const { turnId } = await ada.api.turn.send.mutate({ session, prompt: 'Count' });
    const growth = new Growth(() => sizeOf(join(checkout, 'ticks')));
    await growth.grown(10);
    await ada.api.session.pause.mutate({ session });
    await growth.stopped(performance.now());
    return { session, turnId, growth, size: growth.size };
  };
  const first = await create();
  const since = performance.now();
  await ada.api.turn.interrupt.mutate({ session: first.session });
  expect(await endOf(first.session, first.turnId)).toMatchObject({ status: 'interrupted' });
  await ada.api.session.stop.mutate({ session: first.session });
  expect(performance.now() - since).toBeLessThan(2_000);
  const second = await create();
  const at = performance.now();
  await ada.api.session.end.mutate({ session: second.session, discard: true });
  expect(performance.now() - at).toBeLessThan(2_000);
  for (const { growth, size } of [first, second]) {
    expect(growth.size).toBe(size);
    growth.close();
  }
});

it('[PAU3] a paused session refuses new terminals and keys, and says why; unknown ones are not found', async () => {
  const { sessionId: session } = await ada.api.session.create.mutate({ dir });
  await ada.api.session.pause.mutate({ session });
  const refused = await omnigent('terminal', 'new', session, '--', 'true');
  expect(refused).toMatchObject({
    exitCode: 9,
    stderr: expect.stringContaining('the session is paused by Ada; resume it'),
  });
  const typed = await new Commands(server, dir).run(['attach', session, '--pipe', '--take'], { input: 'ls\n' });
  expect(typed).toMatchObject({ exitCode: 9, stderr: expect.stringContaining('the session is paused by Ada') });
  expect((await omnigent('pause', session)).exitCode).toBe(0);
  expect((await omnigent('pause', 'nothing-like-that')).exitCode).toBe(10);
  await ada.api.session.stop.mutate({ session });
  expect((await omnigent('pause', session)).exitCode).toBe(9);
});
