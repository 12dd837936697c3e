/** Pushes of a whole server with a real database to a push service on this machine; the test plays the runner. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { noFacts } from '#protocol/action-facts.ts';
import { type ActionId, type ApprovalId, newId, type SessionId } from '#protocol/id.ts';
import type { PushTarget } from '#protocol/push.ts';
import type { Person } from '#server/auth/index.ts';
import { openTestServer, random, type TestServer, tab, type Visitor } from '#server/testing.ts';
import { TestRunner } from '#server/testing-runner.ts';
import { TestPushService } from './testing-push-service.ts';

let server: TestServer;
let service: TestPushService;
let ada: Visitor;
let person: Person;
let sessionId: SessionId;
let turnId: string;
let runner: TestRunner;

const source = { now: () => Date.now(), random };
const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 5_000, interval: 5 });

beforeEach(async () => {
  service = await TestPushService.start();
  server = await openTestServer({ allowsLoopbackPush: true });
  ada = await server.signIn('ada');
  person = await server.services.auth.personNamed('ada');
  await startSession();
});
afterEach(async () => {
  runner.socket.terminate();
  await server.close();
  await service.close();
});

async function startSession(): Promise<void> {
  server.judging.judge = () => ({ verdict: 'ask', rule: 'r', reasons: ['why'], policyHash: 'p', command: null });
  const agent = { agent: 'coder', harness: 'acp:example', model: null };
  ({ sessionId } = await server.services.lifecycle.create({ dir: server.home, agent, name: 'auth-overhaul' }, person));
  const launch = server.host.launches.findLast((one) => one.sessionId === sessionId);
  if (!launch) throw new Error('nothing was launched');
  runner = await TestRunner.start(server, launch);
  ({ turnId } = await server.services.turns.send({ sessionId, prompt: 'go', principal: person.personId }));
  await soon(() => expect(runner.of('turn.start')).toHaveLength(1));
}

async function call(procedure: string, input: object = {}, visitor = ada) {
  const headers = { ...tab(server, visitor), 'content-type': 'application/json' };
  const answer = await server.request(`/api/trpc/notify.${procedure}`, {
    ...{ method: 'POST', headers, body: JSON.stringify(input) },
  });
  const body = await answer.json();
  return {
    status: answer.status,
    data: body.result?.data,
    error: body.error?.data?.appCode,
    text: body.error?.message,
  };
}

async function list(visitor = ada) {
  const answer = await server.request('/api/trpc/notify.list', { headers: tab(server, visitor) });
  return (await answer.json()).result.data as { id: string; browser: string }[];
}

/** A browser of `visitor` that gets pushes. */
async function enable(visitor = ada, browser = 'Firefox on Linux') {
  const { publicKey } = (await call('prepare', {}, visitor)).data;
  const target = service.subscribe(publicKey);
  const { id } = (await call('subscribe', { ...pushOf(target), browser }, visitor)).data;
  return { ...target, id: id as string };
}

const pushOf = ({ endpoint, keys }: PushTarget) => ({ endpoint, keys });

/** An action that waits for a person. */
async function ask(command = 'git push'): Promise<{ actionId: ActionId; approvalId: ApprovalId }> {
  const actionId = newId('action', source);
  const asked = { actionId, turnId, agent: 'coder', itemId: null, kind: 'command', tool: 'shell', command };
  runner.state('action.requested', { ...asked, paths: [], cwd: '/checkout', facts: noFacts });
  return soon(async () => {
    const { pending } = await server.services.approvals.list(0);
    const events = await server.services.log.readOf(sessionId, 'approval.requested', 100);
    const found = events.find(({ payload }) => payload.actionId === actionId);
    if (!found || !pending.some(({ id }) => id === found.payload.approvalId)) throw new Error('not yet');
    return { actionId, approvalId: found.payload.approvalId };
  });
}

const decide = (approvalId: ApprovalId, decision: 'approved' | 'denied' = 'approved', by = person) =>
  server.services.approvals.decide({ approvalId, decision, note: null, edit: null, forSession: false, hash: null }, by);

describe('an approval', () => {
  it('[NTF1] is pushed once to every browser of everyone who may decide, sealed so that only that browser reads it', async () => {
    const [phone, desk] = [await enable(), await enable()];
    const graces = await enable(await server.signIn('grace'));
    const watchers = await enable(await server.signIn('watcher'));
    await server.sql`update people set role = 'viewer' where name = 'watcher'`;
    const { approvalId } = await ask('git push\u202e');
    await soon(() => expect(service.pushes).toHaveLength(3));
    for (const browser of [phone, desk, graces]) {
      expect(service.of(browser)).toMatchObject([
        {
          fault: null,
          notice: {
            title: 'Approve in auth-overhaul?',
            body: 'coder: git push[U+202E]',
            ...{ url: `/inbox/${approvalId}`, tag: approvalId, isSettled: false },
          },
          headers: { urgency: 'high', ttl: '600', topic: expect.stringMatching(/^[\w-]{32}$/) },
          claims: { aud: service.url },
        },
      ]);
    }
    expect(service.of(watchers)).toEqual([]);
    await server.services.notify.recover();
    const second = await ask('npm publish');
    await soon(() => expect(service.titles(phone)).toHaveLength(2));
    expect(service.of(phone).map(({ notice }) => notice?.tag)).toEqual([approvalId, second.approvalId]);
  });

  it('[NTF6] that was decided, withdrawn or waited too long takes the place of its notification, with who decided', async () => {
    const phone = await enable();
    const grace = await server.services.auth.personNamed('grace');
    const first = await ask('one');
    await soon(() => expect(service.titles(phone)).toHaveLength(1));
    const later = await enable();
    await decide(first.approvalId, 'denied', grace);
    await soon(() => expect(service.titles(phone)).toEqual(['Approve in auth-overhaul?', 'Denied by grace']));
    expect(service.of(phone)[1]).toMatchObject({
      notice: { tag: first.approvalId, isSettled: true },
      headers: { urgency: 'normal', topic: service.of(phone)[0]?.headers.topic },
    });
    expect(service.of(later)).toEqual([]);
    const second = await ask('two');
    const third = await ask('three');
    await soon(() => expect(service.titles(phone)).toHaveLength(4));
    runner.state('action.acted', { actionId: second.actionId, outcome: 'withdrawn' });
    runner.state('action.acted', { actionId: third.actionId, outcome: 'blocked' });
    const outcomes = ['Nobody decided in time', 'Not needed any more'];
    for (const browser of [phone, later]) {
      await soon(() => expect(service.titles(browser).slice(-2).sort()).toEqual(outcomes));
    }
    expect(await server.sql`select approval_id from push_notices`).toEqual([]);
  });

  it('[NTF5] waits for no push service: it is asked and decided while one hangs, and the last to arrive is the outcome', async () => {
    const phone = await enable();
    let answer: (status: number) => void = () => undefined;
    const held = new Promise<number>((resolve) => {
      answer = resolve;
    });
    service.answers.set(phone.path, [() => held, 201]);
    const { approvalId } = await ask();
    await soon(() => expect(service.of(phone)).toHaveLength(1));
    expect(await decide(approvalId)).toMatchObject({ status: 'approved' });
    expect(service.of(phone)).toHaveLength(1);
    answer(503);
    await soon(() => expect(service.titles(phone)).toEqual(['Approve in auth-overhaul?', 'Approved by ada']));
  });

  it('[NTF2] is pushed, and settled, by the next server where one died in between; what was said is not said again', async () => {
    const phone = await enable();
    const said = await ask('one');
    const unsaid = await ask('two');
    const settled = await ask('three');
    await soon(() => expect(service.titles(phone)).toHaveLength(3));
    const [told] = await server.sql`delete from push_notices where approval_id = ${settled.approvalId} returning *`;
    await decide(settled.approvalId);
    const remains = await server.crash();
    await remains.sql`delete from push_notices where approval_id = ${unsaid.approvalId}`;
    await remains.sql`insert into push_notices ${remains.sql(told as never)}`;
    const { judge } = server.judging;
    server = await openTestServer({ allowsLoopbackPush: true }, remains);
    server.judging.judge = judge;
    const newest = () =>
      service
        .of(phone)
        .map(({ notice }) => [notice?.tag, notice?.title])
        .slice(3)
        .sort();
    const expected = [
      [unsaid.approvalId, 'Approve in auth-overhaul?'],
      [settled.approvalId, 'Approved by ada'],
    ].sort();
    await soon(() => expect(newest()).toEqual(expected));
    await decide(said.approvalId);
    await soon(() => expect(service.of(phone)).toHaveLength(6));
    expect(service.of(phone)[5]?.notice).toMatchObject({ tag: said.approvalId, title: 'Approved by ada' });
  });
});

describe('a push service', () => {
  it.each([404, 410])('[NTF3] that answers %i has lost the browser, which gets nothing more', async (status) => {
    const [gone, here] = [await enable(), await enable()];
    service.answers.set(gone.path, [status]);
    await ask('one');
    await soon(async () => expect((await list()).map(({ id }) => id)).toEqual([here.id]));
    await ask('two');
    await soon(() => expect(service.of(here)).toHaveLength(2));
    expect(service.of(gone)).toHaveLength(1);
  });

  it('[NTF5] that fails is tried three times, and the log names its host and nothing more of the address', async () => {
    const [failing, late] = [await enable(), await enable()];
    service.answers.set(failing.path, [503]);
    service.answers.set(late.path, [500, 429, 201]);
    await ask();
    await soon(() => expect(server.lines.filter((line) => /^push not delivered/.test(line))).toHaveLength(1));
    await soon(() => expect(service.of(late)).toHaveLength(3));
    expect(service.of(failing)).toHaveLength(3);
    expect(server.lines.join('\n')).toContain(`${new URL(service.url).host}: it answered 503`);
    expect(server.lines.join('\n')).not.toContain(failing.path.slice(6));
    expect(await list()).toHaveLength(2);
  });

  it('[NTF5] that refuses for good or redirects is not tried again, and a redirect is not followed', async () => {
    const [refusing, redirecting] = [await enable(), await enable()];
    service.answers.set(refusing.path, [403]);
    service.answers.set(redirecting.path, [302]);
    await ask();
    await soon(() => expect(server.lines.filter((line) => /^push not delivered/.test(line))).toHaveLength(2));
    expect(service.pushes).toHaveLength(2);
  });
});

describe('a subscription', () => {
  it('[NTF7] goes to public https addresses only', async () => {
    const strict = await openTestServer();
    const keys = service.subscribe().keys;
    const subscribe = (endpoint: string) =>
      strict.services.notify.subscribe({ endpoint, keys }, 'x', person.personId).catch((cause) => cause);
    for (const endpoint of [
      ...[
        `${service.url}/send/x`,
        'https://127.0.0.1/x',
        'https://localhost/x',
        'https://[::1]/x',
        'https://10.1.2.3/x',
      ],
      ...['https://192.168.0.1/x', 'https://169.254.169.254/latest', 'https://0x7f.1/x', 'https://2130706433/x'],
      ...['http://push.example.com/x', 'https://u:p@push.example.com/x', 'https://[::ffff:10.0.0.1]/x'],
      ...['https://router/x', 'https://metadata.google.internal/x', 'https://push.example.com/x#y'],
    ]) {
      expect(await subscribe(endpoint), endpoint).toMatchObject({ code: 'input.invalid' });
    }
    expect((await call('subscribe', { endpoint: 'https://10.1.2.3/x', keys, browser: 'x' })).error).toBe(
      'input.invalid',
    );
    expect((await call('subscribe', { endpoint: 'file:///etc/passwd', keys, browser: 'x' })).error).toBe(
      'input.invalid',
    );
    await strict.close();
  });

  it('[NTF7] whose address became a private one is refused when it is used', async () => {
    const phone = await enable();
    const remains = await server.crash();
    server = await openTestServer({}, remains);
    ada = await server.signIn('ada');
    expect(await call('test', { id: phone.id })).toMatchObject({ error: 'push.failed', status: 503 });
    expect(service.pushes).toEqual([]);
  });

  it('[NTF8] is one of at most 20 of a person, seen, tested and removed by that person alone, without its address', async () => {
    const first = await enable();
    server.advance(1_000);
    const grace = await server.signIn('grace');
    expect(await list(grace)).toEqual([]);
    expect((await call('test', { id: first.id }, grace)).error).toBe('push.not-found');
    expect((await call('unsubscribe', { id: first.id }, grace)).status).toBe(200);
    expect(await list()).toMatchObject([{ id: first.id, browser: 'Firefox on Linux' }]);
    expect((await call('test', { id: first.id })).status).toBe(200);
    expect(service.titles(first)).toEqual(['Notifications work']);
    for (let n = 0; n < 20; n++) await enable();
    const ids = (await list()).map(({ id }) => id);
    expect(ids).toHaveLength(20);
    expect(ids).not.toContain(first.id);
    expect((await call('unsubscribe', { id: ids[0] ?? '' })).status).toBe(200);
    expect(await list()).toHaveLength(19);
    await server.sql`update people set role = 'commenter' where name = 'grace'`;
    for (const procedure of ['prepare', 'test']) {
      expect((await call(procedure, { id: first.id }, grace)).error, procedure).toBe('auth.forbidden');
    }
    const target = pushOf(service.subscribe());
    expect((await call('subscribe', { ...target, browser: 'x' }, grace)).error).toBe('auth.forbidden');
  });

  it('[NTF8] of a browser in which somebody else signs in and enables it is theirs', async () => {
    const browser = await enable();
    const grace = await server.signIn('grace');
    await call('subscribe', { ...pushOf(browser), browser: 'Firefox on Linux' }, grace);
    expect([await list(), (await list(grace)).map(({ id }) => id)]).toEqual([[], [browser.id]]);
  });

  it('[NTF8] can be tested five times in a row, then now and then', async () => {
    const { id } = await enable();
    const errors: unknown[] = [];
    for (let n = 0; n < 6; n++) errors.push((await call('test', { id })).error);
    expect(errors).toEqual([...Array(5).fill(undefined), 'rate.exceeded']);
  });
});

describe('secrets', () => {
  it('[NTF9] the key pair is made once, however many need it at once, and no row holds it or an address in clear', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => call('prepare')));
    expect(new Set(keys.map(({ data }) => data.publicKey)).size).toBe(1);
    const phone = await enable();
    const [row] = await server.sql`select sealed_private_key from push_keys`;
    expect(Buffer.from(row?.sealed_private_key).length).toBe(29 + 43);
    const rows = await server.sql`select encode(sealed, 'escape') as text, id, browser from push_subscriptions`;
    const text = JSON.stringify(rows) + JSON.stringify(await list());
    for (const secret of [phone.path.slice(6), phone.keys.auth, phone.keys.p256dh]) expect(text).not.toContain(secret);
  });

  it('[NTF9] a pair that cannot be opened any more is replaced at the next enabling, and nothing is sent meanwhile', async () => {
    const phone = await enable();
    const before = (await call('prepare')).data.publicKey;
    const file = join(server.home, 'secret.key');
    expect(await readFile(file, 'utf8')).toHaveLength(45);
    await rm(file);
    await ask();
    await soon(() =>
      expect(server.lines.join('\n')).toMatch(/push about apr_\w+: secret.key in OMNIGENT_HOME is gone/),
    );
    const again = await enable();
    expect((await call('prepare')).data.publicKey).not.toBe(before);
    expect((await list()).map(({ id }) => id)).toEqual([again.id]);
    await ask('two');
    await soon(() => expect(service.of(again)).toMatchObject([{ fault: null }]));
    expect(service.of(phone)).toEqual([]);
  });
});
