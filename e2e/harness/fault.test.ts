/** Harnesses that cannot work, and models that fail: each is shown with the fix, and the session is usable afterwards. */
import { chmod, copyFile, link, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SessionId } from '#protocol/id.ts';
import { until } from '../matrix/trial.ts';
import { openWorld, type World } from '../matrix/world.ts';
import type { ModelServer } from '../model/server.ts';
import { claudeFile } from './bare.ts';

type Rules = Parameters<ModelServer['play']>[0]['rules'];

/** Tests of one session each wait for different things: they run at once, each under its own word. */
const timeout = 150_000;
const harnesses = ['acp:example', 'claude-sdk'];
/** Longer than timeouts that are set with less thought, in ms. */
const slowMs = 6_000;

let world: World;
/** Agents that are scripts. */
let programs: string;

beforeAll(async () => {
  programs = await mkdtemp(join(tmpdir(), 'omnigent-agents-'));
  await chmod(programs, 0o755);
  // Claude Code of another version than the tested one, as far as it says.
  const packages = join(programs, 'node_modules', 'newer');
  await mkdir(packages, { recursive: true });
  await link(claudeFile, join(packages, 'real')).catch(() => copyFile(claudeFile, join(packages, 'real')));
  const newer = await program(
    'node_modules/newer/claude',
    `[ "$1" = --version ] && exec echo '99.0.1 (Claude Code)'\nexec "$(dirname "$0")/real" "$@"`,
  );
  world = await openWorld(() => undefined, undefined, { OMNIGENT_CLAUDE_BIN: newer });
  const rules = harnesses.flatMap((harness) => [...failing(harness), slow(harness)]);
  world.model.play({ rules: [{ match: { contains: 'all over' }, steps: [{ text: 'here' }] }, ...rules, calm] });
});
afterAll(async () => {
  await world.close();
  await rm(programs, { recursive: true, force: true });
});

const calm: Rules[number] = { match: {}, steps: [{ text: 'here' }] };

async function program(name: string, text: string): Promise<string> {
  const path = join(programs, name);
  await writeFile(path, `#!/bin/sh\n${text}\n`);
  await chmod(path, 0o755);
  return path;
}

async function open(harness: string): Promise<SessionId> {
  return (await world.ada.api.session.create.mutate({ dir: world.repository, harness, agent: 'subject' })).sessionId;
}

/** One prompt, and how its turn ended. */
async function ask(session: SessionId, prompt = 'hello', more: { harness?: string } = {}) {
  const { turnId } = await world.ada.api.turn.send.mutate({ session, prompt, agent: 'subject', ...more });
  return until('the end of the turn', async () => {
    const events = await world.events(session);
    const end = events.find((event) => event.type === 'turn.completed' && event.payload.turnId === turnId);
    return end?.type === 'turn.completed' ? end.payload : null;
  });
}

/** The same session does its work once the fault is over. */
async function expectUsable(session: SessionId, harness: string): Promise<void> {
  expect(await ask(session, 'Is it all over?', { harness })).toMatchObject({ status: 'completed' });
}

describe.concurrent('programs', () => {
  it('[HRN3] a harness that is none is refused by name before anything starts', async () => {
    await expect(open('nothing-like-that')).rejects.toThrow(/acp:example/);
  });

  it('[HRN3] a program that is missing is named, and another harness takes over', { timeout }, async () => {
    const session = await open('acp:/no/such/agent --flag');
    const { status, reason } = await ask(session);
    expect([status, reason]).toEqual(['failed', expect.stringContaining('/no/such/agent')]);
    await expectUsable(session, 'acp:example');
  });

  it('[HRN3] one that ends at once, with its last words', { timeout }, async () => {
    const session = await open(`acp:${await program('ends', 'echo "no licence found" >&2; exit 4')}`);
    expect((await ask(session)).reason).toMatch(/exit code 4.*no licence found/);
    await expectUsable(session, 'acp:example');
  });

  it('[HRN3] one that hangs at its start is given up after half a minute', { timeout }, async () => {
    const session = await open(`acp:${await program('hangs', 'exec sleep 600')}`);
    expect((await ask(session)).reason).toMatch(/did not greet within 30 s/);
    await expectUsable(session, 'acp:example');
  });

  it('[HRN3] one that prints 100 MB of other things is stopped', { timeout }, async () => {
    const session = await open(
      `acp:${await program('floods', 'yes "this is no message" | head -c 100000000; sleep 600')}`,
    );
    expect((await ask(session)).reason).toMatch(/no messages of the protocol/);
    await expectUsable(session, 'acp:example');
  });

  it('[HRN3] one of another version than the tested one works, and that is told once', {
    timeout,
  }, async () => {
    const session = await open('claude-sdk');
    for (let n = 0; n < 2; n++) expect(await ask(session)).toMatchObject({ status: 'completed' });
    const notices = (await world.events(session)).flatMap((event) =>
      event.type === 'item.completed' && event.payload.kind === 'notice' ? [event.payload.text] : [],
    );
    expect(notices).toEqual([expect.stringMatching(/Claude Code 99\.0\.1 .*not tested.*npm install -g @anthropic-ai/)]);
  });
});

const answers = {
  'wrong key': [
    { status: 401, body: { type: 'error', error: { type: 'authentication_error', message: 'invalid x-api-key' } } },
  ],
  garbage: [{ garbage: true as const }],
  'cut mid-stream': [{ text: 'begin ' }, { cut: true as const }],
  'bad request': [
    { status: 400, body: { type: 'error', error: { type: 'invalid_request_error', message: 'prompt is too long' } } },
  ],
};

const busy = {
  status: 429,
  headers: { 'retry-after': '1' },
  body: { type: 'error', error: { type: 'rate_limit_error', message: 'slow down' } },
};

/** Some agents try again; whatever they then get ends the turn one way or the other. */
function failing(harness: string): Rules {
  const rules = Object.entries(answers).map(([name, steps]) => {
    const isForGood = harness === 'acp:example' || name === 'wrong key' || name === 'bad request';
    return { match: { contains: `${name} for ${harness}` }, ...(!isForGood && { times: 2 }), steps };
  });
  return [...rules, { match: { contains: `busy for ${harness}` }, times: 1, steps: [busy] }];
}

const slow = (harness: string): Rules[number] => ({
  match: { contains: `slow for ${harness}` },
  steps: [{ gate: `slow ${harness}` }, { text: 'at last' }],
});

describe.concurrent.each(harnesses)('a model that fails %s', (harness) => {
  it.each(Object.keys(answers))('[HRN3] by %s: the turn says so, and the next one works', { timeout }, async (name) => {
    const session = await open(harness);
    const { status, reason } = await ask(session, `${name} for ${harness}`);
    if (status !== 'completed') expect([status, reason]).toEqual(['failed', expect.stringMatching(/\S/)]);
    if (name === 'wrong key') expect(reason).toMatch(/api.?key|invalid|authenticat/i);
    if (name === 'bad request') expect(reason).toMatch(/prompt is too long/i);
    await expectUsable(session, harness);
  });

  it('[HRN3] by asking to wait: it is asked again after that time', { timeout }, async () => {
    expect(await ask(await open(harness), `busy for ${harness}`)).toMatchObject({ status: 'completed' });
  });

  it('[HRN3] by taking its time: it is waited for, and the session says so', { timeout }, async () => {
    const session = await open(harness);
    const ended = ask(session, `slow for ${harness}`);
    await until('the call', () =>
      world.model.gates().some(({ name, waiting }) => name === `slow ${harness}` && waiting > 0),
    );
    await sleep(slowMs);
    const { view } = await world.ada.api.session.get.query({ session });
    expect([view.status, view.reason]).toEqual(['working', expect.stringMatching(/waiting for the model/)]);
    world.model.openGate(`slow ${harness}`);
    expect(await ended).toMatchObject({ status: 'completed' });
    const { calls } = await world.ada.api.turn.usage.query({ session });
    expect(calls.map(({ status }) => status)).toEqual(['settled']);
  });
});
