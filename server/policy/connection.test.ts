/** Connections of a session, judged and decided on a whole server with a real database; the test plays the runner. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { realFiles } from '#facts/file-view.ts';
import { checkRow } from '#policy/check.ts';
import { type NetworkRequest, requestFacts } from '#policy/subject.ts';
import { type ActionId, newId, type SessionId } from '#protocol/id.ts';
import type { Person } from '#server/auth/index.ts';
import { openTestServer, random, type TestServer } from '#server/testing.ts';
import { TestRunner } from '#server/testing-runner.ts';

let server: TestServer;
let ada: Person;
let runner: TestRunner;
let sessionId: SessionId;

const source = { now: () => Date.now(), random };
const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 5_000, interval: 5 });

const head = (isOn: boolean) => `version: "2026.1"\nworkspace: { name: sample, allow_network_access: ${isOn} }\n`;
const rules = `${head(true)}policies:
  security_guardrails: { forbidden_commands: ["curl -X POST https://evil.example.org/*"] }
rules:
  - { when: 'facts.hosts.exists(h, h == "registry.example.org")', then: allow, reason: the registry }
  - { when: 'facts.requests.exists(r, r.url.contains("/admin"))', then: deny, reason: no administration }
  - { when: 'action.agent == "shell" && facts.hosts.exists(h, h == "shell.example.org")', then: allow, reason: own }
`;

beforeAll(async () => {
  server = await openTestServer();
  ada = await server.services.auth.personNamed('ada');
  server.judging.judge = server.services.policies.judge;
});
afterAll(() => server.close());
afterEach(() => runner.socket.terminate());

const launch = () => {
  const found = server.host.launches.findLast((one) => one.sessionId === sessionId);
  if (!found) throw new Error('nothing was launched');
  return found;
};

async function greet(actions: ActionId[] = []): Promise<void> {
  runner = new TestRunner(server, launch());
  await runner.socket.opened();
  runner.hello({ isKeeping: true, actions });
  await runner.welcomed();
}

/** A session under a workspace file with this text; null: without any. */
async function begin(text: string | null, sandbox: 'bubblewrap' | 'none' = 'bubblewrap'): Promise<void> {
  const folder = join(server.home, `project-${newId('session', source)}`);
  const file = join(folder, 'omnigent.yaml');
  await mkdir(folder, { recursive: true });
  if (text !== null) await writeFile(file, text);
  const place = text === null ? { dir: folder } : await server.services.policies.place(file, null);
  const agent = { agent: 'coder', harness: 'acp:example', model: null };
  ({ sessionId } = await server.services.lifecycle.create({ ...place, agent, sandbox }, ada));
  await greet();
}

/** As the proxy states it. */
function connect(request: NetworkRequest, agent = 'coder'): ActionId {
  const actionId = newId('action', source);
  const { host } = new URL(request.url);
  const tool = request.method === 'CONNECT' ? `CONNECT ${host}:443` : `${request.method} http://${host}`;
  const named = { kind: 'network', tool, toolKind: 'network', command: null, paths: [], cwd: '/checkout', env: [] };
  runner.state('action.requested', {
    ...{ actionId, turnId: null, agent, itemId: null, ...named },
    facts: requestFacts(request),
  });
  return actionId;
}

const tunnelTo = (host: string): NetworkRequest => ({ method: 'CONNECT', url: `https://${host}/` });

async function judged(actionId: ActionId) {
  const found = await server.services.log.recall(sessionId, `judged:${actionId}`);
  return found?.type === 'action.judged' ? found.payload : null;
}
const judgement = (actionId: ActionId) =>
  soon(async () => {
    const found = await judged(actionId);
    if (!found) throw new Error('not yet');
    return found;
  });
const told = (actionId: ActionId) =>
  soon(() => {
    const found = runner.of('action.verdict').find((each) => each.actionId === actionId);
    if (!found) throw new Error('not yet');
    return found;
  });
const pending = async (actionId: ActionId) =>
  soon(async () => {
    const { pending: all } = await server.services.approvals.list(0, sessionId);
    const view = await server.services.log.view(sessionId);
    const id = view?.turns.actions.find((each) => each.actionId === actionId)?.approval?.approvalId;
    const found = all.find((each) => each.id === id);
    if (!found) throw new Error('not yet');
    return found;
  });
const decide = (approvalId: Awaited<ReturnType<typeof pending>>['id'], decision: 'approved' | 'denied' = 'approved') =>
  server.services.approvals.decide(
    { approvalId, decision, note: decision === 'denied' ? 'no' : null, edit: null, forSession: false, hash: null },
    ada,
  );

describe('verdicts', () => {
  const hosts = [
    'registry.example.org',
    'evil.example.org',
    'other.example.org',
    '10.0.0.1',
    'metadata',
    'example.org:6379',
  ];
  const requests: NetworkRequest[] = hosts.flatMap((host) => [
    tunnelTo(host),
    ...['GET', 'POST', 'DELETE'].map((method) => ({ method, url: `http://${host}/admin?a=1` })),
    { method: 'GET', url: `http://${host}/` },
    { method: 'GET', url: `http://${host}/`, headers: { 'x-http-method': 'POST', host: 'other.example.net' } },
    { ...tunnelTo(host), addresses: ['93.184.216.34'] },
    { ...tunnelTo(host), addresses: ['93.184.216.34', '::ffff:10.0.0.1'] },
    { ...tunnelTo(host), addresses: [] },
  ]);

  it('[EGR10] a connection gets the verdict, rule and reasons that policy check gives the same request', async () => {
    await begin(rules);
    const [policy = null] = await server.services.policies.inForce(await server.services.log.view(sessionId));
    const options = {
      ...{ parser: server.services.policies.parser, policy, files: realFiles, now: () => 0 },
      roots: { root: '/', home: '/home/ada' },
    };
    const seen = new Set<string>();
    for (const request of requests) {
      const { addresses: resolved_ips, ...input } = request;
      const row = { kind: 'network', agent: 'coder', cwd: '/checkout', input: { ...input, resolved_ips } };
      const { result } = checkRow(JSON.stringify(row), options);
      const { verdict, rule, reasons, policyHash, facts } = await judgement(connect(request));
      const said = { verdict, rule, reasons, policyHash, facts };
      expect(said).toEqual({
        ...{ verdict: result.verdict, rule: result.rule, reasons: result.reasons },
        ...{ policyHash: result.policyHash, facts: result.facts },
      });
      seen.add(verdict);
    }
    expect(seen).toEqual(new Set(['allow', 'ask', 'deny']));
  });

  it('[EGR9] the runner is told which rule speaks, and whether the verdict may be kept', async () => {
    await begin(rules);
    expect(await told(connect(tunnelTo('registry.example.org')))).toMatchObject({
      ...{ verdict: 'allow', rule: 'rules[0]', isKept: true },
    });
    // A rule looks at the address of plain requests.
    expect(await told(connect({ method: 'GET', url: 'http://registry.example.org/' }))).not.toHaveProperty('isKept');
    expect(await told(connect(tunnelTo('10.0.0.1')))).toMatchObject({
      ...{ verdict: 'deny', rule: 'default.private-address', isKept: true },
    });
  });

  it('[EGR9] the runner is told to forget when rules change', async () => {
    await begin(rules);
    const before = runner.of('egress.forget').length;
    const { policies, turns, log } = server.services;
    await policies.change({ level: 'session', text: 'version: "2026.1"\n' }, await log.view(sessionId), ada);
    const view = await log.view(sessionId);
    if (view) turns.tellRules(view);
    await soon(() => expect(runner.of('egress.forget').slice(before)).toMatchObject([{ isTakenBack: true }]));
  });

  it('[EGR15] without rules a connection is recorded and allowed, but none to an address that is not public', async () => {
    await begin(null);
    expect(await judgement(connect(tunnelTo('example.org')))).toMatchObject({
      verdict: 'allow',
      rule: 'default.record',
    });
    expect(await judgement(connect(tunnelTo('169.254.169.254')))).toMatchObject({
      ...{ verdict: 'deny', rule: 'default.private-address' },
    });
    const resolved = { ...tunnelTo('example.org'), addresses: ['192.168.0.1'] };
    expect(await judgement(connect(resolved))).toMatchObject({ verdict: 'deny', rule: 'default.private-address' });
  });

  it('[EGR15] in a session without a sandbox an agent’s connection is asked about, whatever rules allow, and a shell’s is not', async () => {
    await begin(rules, 'none');
    const asked = connect(tunnelTo('registry.example.org'));
    expect(await judgement(asked)).toMatchObject({ verdict: 'ask', rule: 'default.no-sandbox' });
    await decide((await pending(asked)).id);
    expect(await judgement(connect(tunnelTo('registry.example.org')))).toMatchObject({ verdict: 'allow' });
    expect(await judgement(connect(tunnelTo('shell.example.org'), 'shell'))).toMatchObject({ verdict: 'allow' });
  });

  it('[EGR15] where the network is switched off a connection is denied', async () => {
    await begin(head(false));
    expect(await told(connect(tunnelTo('example.org')))).toMatchObject({
      ...{ verdict: 'deny', rule: 'workspace.allow_network_access', isKept: true },
    });
  });
});

describe('people', () => {
  it('[EGR12] a question waits in the inbox; approved, it allows that method, host and port until it is revoked', async () => {
    await begin(rules);
    const first = connect(tunnelTo('other.example.org'));
    const question = await pending(first);
    expect(question).toMatchObject({
      ...{ tool: 'CONNECT other.example.org:443', effect: 'network', kind: 'network' },
      reasons: [expect.stringContaining('encrypted'), expect.stringContaining('for the rest of the session')],
    });
    expect((await server.services.log.view(sessionId))?.reason).toBe('approve `CONNECT other.example.org:443`');
    expect(await decide(question.id)).toMatchObject({ status: 'approved', forSession: true });
    expect(await told(first)).toMatchObject({ verdict: 'allow', approvalId: question.id });
    const again = await told(connect(tunnelTo('other.example.org')));
    expect(again).toMatchObject({ verdict: 'allow', rule: `session.allowed:${question.id}`, isKept: true });
    await pending(connect({ method: 'POST', url: 'http://other.example.org/' }));
    await pending(connect(tunnelTo('another.example.org')));
    const before = runner.of('egress.forget').length;
    await server.services.approvals.revoke(question.id, ada);
    await soon(() => expect(runner.of('egress.forget').slice(before)).toMatchObject([{ isTakenBack: true }]));
    await pending(connect(tunnelTo('other.example.org')));
  });

  it('[EGR12] a denial reaches the runner as a person’s, and nothing further is allowed by it', async () => {
    await begin(rules);
    const first = connect(tunnelTo('other.example.org'));
    const question = await pending(first);
    await decide(question.id, 'denied');
    const said = await told(first);
    expect(said).toMatchObject({ verdict: 'deny', message: 'no', approvalId: question.id });
    expect(said).not.toHaveProperty('isKept');
    await pending(connect(tunnelTo('other.example.org')));
  });

  it('[EGR12] nobody is asked about a shell: it is denied with what to do, and profits from what rules and people allow', async () => {
    await begin(rules);
    expect(await told(connect(tunnelTo('other.example.org'), 'shell'))).toMatchObject({
      ...{ verdict: 'deny', message: expect.stringContaining('nobody is asked about the connections of a shell') },
    });
    expect(await told(connect(tunnelTo('shell.example.org'), 'shell'))).toMatchObject({ verdict: 'allow' });
    const question = await pending(connect(tunnelTo('other.example.org')));
    const before = runner.of('egress.forget').length;
    await decide(question.id);
    await soon(() => expect(runner.of('egress.forget').slice(before)).toMatchObject([{ isTakenBack: false }]));
    expect(await told(connect(tunnelTo('other.example.org'), 'shell'))).toMatchObject({ verdict: 'allow' });
  });

  it('[EGR13] a connection that is held when the server dies is decided under the next one', async () => {
    await begin(rules);
    const held = connect(tunnelTo('other.example.org'));
    const question = await pending(held);
    runner.socket.terminate();
    const { host } = server;
    server = await openTestServer({}, await server.crash());
    server.judging.judge = server.services.policies.judge;
    server.host.launches.push(...host.launches);
    await greet([held]);
    await decide(question.id);
    expect(await told(held)).toMatchObject({ verdict: 'allow', approvalId: question.id });
  });
});

it('[EGR14] a runner states what connections amounted to', async () => {
  await begin(null);
  const hosts = [{ host: 'example.org', port: 443, allowed: 2, failed: 0, refused: 1, sent: 10, received: 20 }];
  runner.state('egress.counted', { turnId: null, agent: 'shell', hosts });
  await soon(async () =>
    expect((await server.services.log.readOf(sessionId, 'egress.counted', 1))[0]).toMatchObject({ payload: { hosts } }),
  );
});
