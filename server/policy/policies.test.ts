/** The rules of a session, on a whole server; the test plays the runner, and says what actions would touch. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { type ActionFacts, noFacts } from '#protocol/action-facts.ts';
import { newId, type SessionId } from '#protocol/id.ts';
import type { SessionView } from '#protocol/session-view.ts';
import type { Person } from '#server/auth/index.ts';
import { openTestServer, random, type TestServer } from '#server/testing.ts';
import { TestRunner } from '#server/testing-runner.ts';

let server: TestServer;
let ada: Person;
let folder: string;
let file: string;
let runner: TestRunner;

const source = { now: () => Date.now(), random };
const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 5_000, interval: 5 });
const rules = `version: "2026.1"
workspace: { name: sample, base_dir: src }
policies:
  security_guardrails: { forbidden_commands: ["env"], restricted_paths: ["../secret.json"] }
`;

beforeAll(async () => {
  server = await openTestServer();
  ada = await server.services.auth.personNamed('ada');
  folder = join(server.home, 'project');
  file = join(folder, 'omnigent.yaml');
  await mkdir(join(folder, 'src'), { recursive: true });
  await writeFile(file, rules);
  server.judging.judge = server.services.policies.judge;
});
afterAll(() => server.close());
afterEach(() => runner?.socket.terminate());

async function open(): Promise<SessionId> {
  const place = await server.services.policies.place(file, null);
  const agent = { agent: 'coder', harness: 'acp:example', model: null };
  const { sessionId } = await server.services.lifecycle.create({ ...place, agent }, ada);
  const launch = server.host.launches.findLast((one) => one.sessionId === sessionId);
  if (!launch) throw new Error('nothing was launched');
  expect(launch.policy).toEqual({ base: join(folder, 'src'), restricted: [join(folder, 'secret.json')] });
  runner = await TestRunner.start(server, launch);
  return sessionId;
}

const running = (program: string, effect: 'read' | 'write'): ActionFacts => ({
  ...noFacts,
  commands: [{ program, argv: [program], unknown: [], effect, cwd: '/checkout', via: [] }],
});

async function judge(sessionId: SessionId, command: string, facts: ActionFacts | null) {
  const actionId = newId('action', source);
  const asked = { actionId, turnId: null, agent: 'coder', itemId: null, kind: 'command', tool: 'shell', command };
  runner.state('action.requested', { ...asked, paths: [], cwd: '/checkout', facts });
  const events = await soon(async () => {
    const all = await server.services.log.read(sessionId, { after: 0, limit: 500 });
    const found = all.flatMap((event) =>
      event.type === 'action.judged' && event.payload.actionId === actionId ? [event.payload] : [],
    );
    if (!found[0]) throw new Error('not yet');
    return found[0];
  });
  return { ...events, actionId };
}

it('[APR12] a session is judged by its workspace file, with the hash of the policy in every verdict', async () => {
  const sessionId = await open();
  const view = await server.services.log.view(sessionId);
  const policyHash = view?.policy?.hash;
  expect(policyHash).toMatch(/^[0-9a-f]{64}$/);
  expect(await judge(sessionId, 'env', running('env', 'read'))).toMatchObject({
    verdict: 'deny',
    rule: 'security_guardrails.forbidden_commands[0]',
    policyHash,
  });
  expect(await judge(sessionId, 'ls', running('ls', 'read'))).toMatchObject({
    verdict: 'allow',
    facts: { commands: [{ program: 'ls' }] },
  });
  expect(await judge(sessionId, 'touch x', running('touch', 'write'))).toMatchObject({ verdict: 'ask' });
  expect(await judge(sessionId, 'who knows', null)).toMatchObject({ verdict: 'ask', rule: 'default.unclear' });
  expect(await judge(sessionId, 'nothing', noFacts)).toMatchObject({ verdict: 'ask' });
});

it('[APR9] what was allowed for the session is not asked about until it is revoked, and only to the letter', async () => {
  const sessionId = await open();
  const { approvals, log } = server.services;
  const touch = () => judge(sessionId, 'touch x', running('touch', 'write'));
  await touch();
  const approvalId = (await log.view(sessionId))?.turns.actions[0]?.approval?.approvalId;
  if (!approvalId) throw new Error('nothing is asked');
  await approvals.decide(
    { approvalId, decision: 'approved', note: null, edit: null, forSession: true, hash: null },
    ada,
  );
  expect(await touch()).toMatchObject({ verdict: 'allow', rule: `session.allowed:${approvalId}` });
  expect(await touch()).toMatchObject({ verdict: 'allow' });
  expect(await judge(sessionId, 'touch  x', running('touch', 'write'))).toMatchObject({ verdict: 'ask' });
  expect(await judge(sessionId, 'touch x', running('env', 'read'))).toMatchObject({ verdict: 'deny' });
  const view = await log.view(sessionId);
  const { policies } = server.services;
  await policies.change(
    { level: 'session', text: 'version: "2026.1"\nrules: [{ when: facts.runs("touch"), then: ask }]\n' },
    view,
    ada,
  );
  expect(await touch()).toMatchObject({ verdict: 'ask' });
  await policies.change({ level: 'session', text: '' }, await log.view(sessionId), ada);
  expect(await touch()).toMatchObject({ verdict: 'allow' });
  await approvals.revoke(approvalId, ada);
  expect(await touch()).toMatchObject({ verdict: 'ask' });
});

it('[APR33] what was allowed for the session covers what the person was shown: where it leads, and the rules that asked', async () => {
  await writeFile(file, `${rules}rules:\n  - { preset: loop-limit, with: { repeats: 4 } }\n`);
  const sessionId = await open();
  await writeFile(file, rules);
  const { approvals, log } = server.services;
  const copied = (real: string): ActionFacts => ({
    ...running('cp', 'write'),
    paths: [{ path: 'out/a', real, effect: 'write', restricted: false, isInBase: real.startsWith('/checkout/') }],
  });
  const copy = (real: string) => judge(sessionId, 'cp a out/a', copied(real));
  await copy('/checkout/out/a');
  const approvalId = (await log.view(sessionId))?.turns.actions[0]?.approval?.approvalId;
  if (!approvalId) throw new Error('nothing is asked');
  await approvals.decide(
    { approvalId, decision: 'approved', note: null, edit: null, forSession: true, hash: null },
    ada,
  );
  const allowed = { verdict: 'allow', rule: `session.allowed:${approvalId}` };
  expect(await copy('/checkout/out/a')).toMatchObject(allowed);
  for (const real of ['/outside/a', '/checkout/b']) expect(await copy(real)).toMatchObject({ verdict: 'ask' });
  const again = await copy('/checkout/out/a');
  expect(again).toMatchObject({ verdict: 'ask' });
  const asked = await log.recall(sessionId, `approval:${again.actionId}`);
  expect(asked?.payload).toMatchObject({ rules: expect.arrayContaining(['rules[0]']) });
});

it('[APR12] a workspace file that is wrong, missing or no text starts no session, and says where', async () => {
  const { policies } = server.services;
  const place = async (text: string | Buffer) => {
    await writeFile(join(folder, 'bad.yaml'), text);
    return policies.place(join(folder, 'bad.yaml'), null);
  };
  await expect(place(rules.replace('2026.1', '1'))).rejects.toMatchObject({
    code: 'workspace.invalid',
    message: expect.stringMatching(/bad\.yaml:1:10: version/),
  });
  await expect(place(rules.replace('src', '../..'))).rejects.toMatchObject({
    message: expect.stringContaining('base_dir'),
  });
  await expect(place(Buffer.from([0xff, 0xfe]))).rejects.toMatchObject({ message: expect.stringContaining('UTF-8') });
  await expect(policies.place(join(folder, 'none.yaml'), null)).rejects.toMatchObject({
    message: expect.stringContaining('no such file'),
  });
  for (const endless of ['/dev/zero', folder]) {
    await expect(policies.place(endless, null)).rejects.toMatchObject({
      message: expect.stringContaining('not a file'),
    });
  }
  await expect(policies.place('relative.yaml', null)).rejects.toMatchObject({ code: 'workspace.invalid' });
  await expect(policies.place(null, null)).rejects.toMatchObject({ code: 'input.invalid' });
});

it('[POL9] a session that begins under restricted paths that are not there says so, with line and column', async () => {
  const { policies, lifecycle, log, trials } = server.services;
  const place = await policies.place(file, null);
  const warnings = [
    `${file}:4:74: ../secret.json is not there, so nothing is protected by it; correct it, or create the file`,
  ];
  expect(place.policy?.warnings).toEqual(warnings);
  const { sessionId } = await lifecycle.create({ ...place, agent: undefined }, ada);
  const view = await log.view(sessionId);
  expect(view?.policy?.warnings).toEqual(warnings);
  expect((await trials.effective(view)).policies).toMatchObject([{ level: 'workspace', warnings }]);
  await writeFile(join(folder, 'secret.json'), '{}');
  expect((await policies.place(file, null)).policy).not.toHaveProperty('warnings');
  await rm(join(folder, 'secret.json'));
});

const levelText = (rule: string) => `version: "2026.1"\nrules:\n  - ${rule}\n`;

it("[RUL9] a session's and the server's rules hold from the next action on, and a wrong one changes nothing", async () => {
  const sessionId = await open();
  const { policies, log } = server.services;
  const viewNow = async () => {
    const view = await log.view(sessionId);
    if (!view) throw new Error('no session');
    return view;
  };
  const ls = () => judge(sessionId, 'ls', running('ls', 'read'));
  expect(await ls()).toMatchObject({ verdict: 'allow' });
  await policies.change(
    { level: 'session', text: levelText(`{ when: 'facts.runs("ls")', then: ask, reason: look }`) },
    await viewNow(),
    ada,
  );
  const asked = await ls();
  expect(asked).toMatchObject({ verdict: 'ask', rule: 'session.rules[0]', reasons: ['look'] });
  await policies.change(
    { level: 'server', text: levelText(`{ when: 'facts.runs("ls")', then: deny, reason: never }`) },
    null,
    ada,
  );
  expect(await ls()).toMatchObject({ verdict: 'deny', rule: 'server.rules[0]' });
  await expect(
    policies.change({ level: 'server', text: levelText(`{ when: 'facts.nothing', then: deny }`) }, null, ada),
  ).rejects.toMatchObject({ code: 'workspace.invalid', message: expect.stringMatching(/^policy:3:13: rules\[0\]: /) });
  expect(await ls()).toMatchObject({ verdict: 'deny' });
  await policies.change({ level: 'server', text: '' }, null, ada);
  await policies.change({ level: 'session', text: '' }, await viewNow(), ada);
  expect(await ls()).toMatchObject({ verdict: 'allow', policyHash: (await viewNow()).policy?.hash });
});

it('[APR26] a question names every rule that asks', async () => {
  const sessionId = await open();
  const { policies, log } = server.services;
  const text = levelText(`{ when: 'facts.runs("touch")', then: ask }`);
  await policies.change({ text, level: 'session' }, await log.view(sessionId), ada);
  const { facts } = await judge(sessionId, 'touch x', { ...running('touch', 'write'), unclear: ['what is $x'] });
  expect(facts).toBeDefined();
  const [asked] = await log.readOf(sessionId, 'approval.requested', 1);
  const mutation = 'security_guardrails.require_human_approval_on_mutation';
  expect(asked?.payload).toMatchObject({ rule: mutation, rules: [mutation, 'session.rules[0]', 'default.unclear'] });
  await judge(sessionId, 'who knows', null);
  const [unknown] = await log.readOf(sessionId, 'approval.requested', 1);
  expect(unknown?.payload).toMatchObject({ rules: ['default.unclear'] });
});

it("[RUL9] the server's examples are checked once, at a folder of no session, and its rules hold wherever one works", async () => {
  const sessionId = await open();
  const { policies, log, trials } = server.services;
  const writes = (examples: string, isInBase = true) =>
    levelText(`{ when: 'facts.paths.exists(p, ${isInBase ? '' : '!'}p.in_base)', then: ask, examples: [${examples}] }`);
  const change = (text: string) => policies.change({ text, level: 'server' }, null, ada);
  await expect(change(writes('{ write: /etc/hosts }'))).rejects.toMatchObject({ code: 'workspace.invalid' });
  await change(writes('{ write: /etc/hosts }, { write: src/a.ts, matches: false }', false));
  await change(writes('{ write: /workspace/a.ts }'));
  expect(await judge(sessionId, 'ls', running('ls', 'read'))).toMatchObject({ verdict: 'allow' });
  const view = await log.view(sessionId);
  if (!view) throw new Error('no session');
  expect(policies.placeFor(view)).toMatchObject({ base: join(folder, 'src') });
  expect((await trials.effective(view)).policies.map(({ level }) => level)).toEqual(['server', 'workspace']);
  await change('');
});

it('[RUL9] rules read for a view that is older than they are never stand for the rules of then', async () => {
  const sessionId = await open();
  const { policies, log } = server.services;
  const viewNow = async () => (await log.view(sessionId)) ?? Promise.reject(new Error('no session'));
  const change = async (rule: string) =>
    policies.change({ text: rule && levelText(rule), level: 'session' }, await viewNow(), ada);
  const says = async (view: SessionView) =>
    (await policies.inForce(view)).flatMap(({ rules: all }) => all.map(({ verdict }) => verdict));
  await change(`{ when: 'true', then: deny }`);
  const then = await viewNow();
  await change(`{ when: 'true', then: ask }`);
  expect(await says(then)).toEqual(['ask']);
  await change(`{ when: 'true', then: deny }`);
  expect(await says(await viewNow())).toEqual(['deny']);
  await change('');
  const late = { ...then, sessionPolicy: { hash: 'f'.repeat(64), restricted: [] } };
  expect(await says(late)).toEqual([]);
});

it('[RUL9] of two people who edit the same rules the second is refused, and loses nothing', async () => {
  const sessionId = await open();
  const { policies, log, trials } = server.services;
  for (const level of ['server', 'session'] as const) {
    const view = level === 'session' ? await log.view(sessionId) : null;
    const change = (program: string, base: string) =>
      policies.change({ level, text: levelText(`{ when: 'facts.runs("${program}")', then: ask }`), base }, view, ada);
    const both = await Promise.allSettled([change('ls', ''), change('cat', '')]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await expect(change('cat', '')).rejects.toMatchObject({ code: 'policy.changed' });
    const now = level === 'session' ? await log.view(sessionId) : null;
    expect(await policies.textOf(level, now)).toContain('"ls"');
    const [ls] = (await trials.effective(now)).policies.filter((policy) => policy.level === level);
    await change('cat', ls?.hash ?? '');
    expect(await policies.textOf(level, now)).toContain('"cat"');
    await policies.change({ level, text: '' }, view, ada);
    await change('ls', '');
    await policies.change({ level, text: '' }, view, ada);
  }
});

it('[RUL9] a runner learns which paths a level restricts, at once and with every link', async () => {
  const sessionId = await open();
  const { policies, log, turns } = server.services;
  const view = await log.view(sessionId);
  const text = 'version: "2026.1"\npolicies: { security_guardrails: { restricted_paths: [keys] } }\n';
  await policies.change({ level: 'session', text }, view, ada);
  const changed = await log.view(sessionId);
  if (!changed) throw new Error('no session');
  turns.tellRules(changed);
  const restricted = [join(folder, 'secret.json'), join(folder, 'src', 'keys')];
  await soon(() =>
    expect(runner.of('policy.place').at(-1)).toMatchObject({ place: { base: join(folder, 'src'), restricted } }),
  );
});

it('[RUL8] rules about what a session did before go by its log', async () => {
  await writeFile(
    file,
    `${rules}rules:\n  - { preset: ask-push-after-install }\n  - { preset: loop-limit, with: { repeats: 2 }, then: deny }\n`,
  );
  const sessionId = await open();
  await writeFile(file, rules);
  const install = { ...running('npm', 'read'), installs: ['left-pad'] };
  const { actionId } = await judge(sessionId, 'npm i left-pad', install);
  const push = () =>
    judge(sessionId, 'git push', {
      ...running('git', 'read'),
      commands: [{ ...(running('git', 'read').commands[0] as ActionFacts['commands'][0]), argv: ['git', 'push'] }],
    });
  expect(await push()).toMatchObject({ verdict: 'allow' });
  runner.state('action.acted', { actionId, outcome: 'ran' });
  expect(await push()).toMatchObject({ verdict: 'ask', rule: 'rules[0]' });
  const again = () => judge(sessionId, 'ls', running('ls', 'read'));
  expect([(await again()).verdict, (await again()).verdict, (await again()).verdict]).toEqual([
    'allow',
    'allow',
    'deny',
  ]);
  const { log } = server.services;
  const kept = (await log.view(sessionId))?.policyState;
  expect((await log.rebuild(sessionId))?.policyState).toEqual(kept);
  expect(kept).toMatchObject({ installed: ['left-pad'] });
});

it('[RUL10] replay says what edited rules would have said, with the state of then', async () => {
  const sessionId = await open();
  const view = async () => (await server.services.log.view(sessionId)) ?? Promise.reject(new Error('no session'));
  await judge(sessionId, 'ls', running('ls', 'read'));
  await judge(sessionId, 'env', running('env', 'read'));
  await judge(sessionId, 'touch x', running('touch', 'write'));
  await judge(sessionId, 'ls', running('ls', 'read'));
  const { trials } = server.services;
  const edit = (text: string, level: 'session' | 'workspace') =>
    view().then((now) => trials.replay(now, { level, text }));
  const denied = await edit(
    levelText(`{ when: 'facts.runs("ls") && session.repeats > 0', then: deny, reason: again }`),
    'session',
  );
  expect(denied).toMatchObject({
    ...{ actions: 4, counts: [{ from: 'allow', to: 'deny', count: 1 }] },
    changes: [{ command: 'ls', before: { verdict: 'allow' }, after: { verdict: 'deny', rule: 'session.rules[0]' } }],
  });
  const open2 = await edit(
    `version: "2026.1"\nworkspace: { name: x }\npolicies: { security_guardrails: { require_human_approval_on_mutation: false } }\n`,
    'workspace',
  );
  expect(open2.counts).toEqual([
    { from: 'deny', to: 'allow', count: 1 },
    { from: 'ask', to: 'allow', count: 1 },
  ]);
  const now = await view();
  expect(await trials.test(now, { kind: 'path', op: 'read', path: '../secret.json' }, null)).toMatchObject({
    verdict: 'deny',
  });
  const effective = await trials.effective(now);
  expect(effective.policies[0]?.rules.map(({ rule }) => rule)).toContain('security_guardrails.forbidden_commands[0]');
});
