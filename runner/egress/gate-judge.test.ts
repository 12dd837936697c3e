/** Connections as actions: from a socket through the proxy and the gate to the fact, and from the verdict back to the client. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadCommandParser } from '#facts/command-parser.ts';
import { realFiles } from '#facts/file-view.ts';
import { checkRow } from '#policy/check.ts';
import { policies } from '#policy/testing-policies.ts';
import type { ActionFacts } from '#protocol/action-facts.ts';
import { type EventPayload, type Fact, parsePayload } from '#protocol/event.ts';
import { newId } from '#protocol/id.ts';
import { ActionFactsMaker } from '../action-facts.ts';
import { Gate, type Verdict } from '../gate.ts';
import { refusalOf } from '../refused-fact.ts';
import { noSandbox } from '../sandbox/index.ts';
import { createGateJudge } from './index.ts';
import { connectTo, get, openStage, publicIp, type Stage } from './testing-stage.ts';

const ids = { now: () => 1_000, random: (bytes: Uint8Array) => void crypto.getRandomValues(bytes) };
const holdMs = 10 * 60 * 1000;

let stage: Stage;
let gate: Gate;
let requested: EventPayload<'action.requested'>[];
let outcomes: unknown[];
/** Ends the time that questions are held. */
let late: (() => void)[];
/** What the server says at once; null: nothing. */
let word: Omit<Verdict, 'actionId'> | null;

const allowed = { verdict: 'allow', message: null, command: null, rule: 'rules[0]', isKept: true };

beforeEach(async () => {
  [requested, outcomes, late, word] = [[], [], [], allowed];
  const facts = new ActionFactsMaker({ policy: null, sandbox: noSandbox('process-group', {}) });
  gate = new Gate({
    ...{ ids, holdMs, mayAct: async () => undefined, factsOf: (action) => facts.of(action) },
    after(_, task) {
      late.push(task);
      return () => undefined;
    },
    state(type, payload) {
      try {
        const fact = parsePayload(type, payload) as Fact;
        if (fact.type === 'action.requested') requested.push(fact.payload);
        if (fact.type === 'action.acted') outcomes.push(fact.payload.outcome);
        const said = word;
        if (fact.type === 'action.requested' && said)
          setImmediate(() => gate.judged({ actionId: fact.payload.actionId, ...said }));
        return null;
      } catch (cause) {
        return refusalOf(cause);
      }
    },
  });
  stage = await openStage({ judge: createGateJudge({ gate, cwd: () => '/checkout' }) });
});
afterEach(() => stage.close());

const says = (verdict: string, more: Partial<Verdict> = {}) => {
  for (const actionId of gate.waiting) gate.judged({ actionId, verdict, message: null, command: null, ...more });
};

const denied = { ...allowed, verdict: 'deny', message: 'no' };

describe('facts', () => {
  beforeEach(() => {
    word = denied;
  });

  const requests: { text: string; row: { method: string; url: string; headers?: Record<string, string> } }[] = [
    { text: get('http://example.org/a?b=1'), row: { method: 'GET', url: 'http://example.org/a?b=1' } },
    { text: get('http://example.org:8080/', [], 'DELETE'), row: { method: 'DELETE', url: 'http://example.org:8080/' } },
    { text: get('http://10.0.0.1/'), row: { method: 'GET', url: 'http://10.0.0.1/' } },
    { text: get('http://example.org:6379/', [], 'HEAD'), row: { method: 'HEAD', url: 'http://example.org:6379/' } },
    {
      text: get('http://example.org/', ['X-HTTP-Method-Override: put', 'Cookie: token=0123456789abcdef']),
      row: {
        ...{ method: 'GET', url: 'http://example.org/' },
        headers: { 'x-http-method-override': 'put', cookie: 'token=0123456789abcdef' },
      },
    },
    { text: connectTo('example.org:443'), row: { method: 'CONNECT', url: 'https://example.org/' } },
    {
      text: connectTo('malicious-actor.com:8443'),
      row: { method: 'CONNECT', url: 'https://malicious-actor.com:8443/' },
    },
  ];

  it.each(requests)(
    '[EGR10] the facts of $row.method $row.url are those of the same row of policy check',
    async ({ text, row }) => {
      await stage.say(text);
      const parser = await loadCommandParser();
      // A client says the host in its header, too.
      const headers = row.method === 'CONNECT' ? undefined : { host: 'example.org', ...row.headers };
      const { result } = checkRow(
        JSON.stringify({ kind: 'network', input: { ...row, headers }, policy: policies.sample }),
        {
          ...{
            parser,
            policy: null,
            roots: { root: '/srv/project', home: '/home/ada' },
            files: realFiles,
            now: () => 0,
          },
        },
      );
      expect(requested[0]).toMatchObject({
        kind: 'network',
        toolKind: 'network',
        agent: 'shell',
        command: null,
        paths: [],
      });
      expect(requested[0]?.facts).toEqual(result.facts satisfies ActionFacts);
    },
  );

  it('[EGR10] addresses that are refused are stated with the request, as resolved_ips of a row are', async () => {
    word = allowed;
    stage.names['example.org'] = [[publicIp, '127.0.0.1']];
    await stage.say(get('http://example.org/'));
    expect(requested.map(({ facts }) => facts?.connection?.addresses)).toEqual([null, ['127.0.0.1', publicIp]]);
  });

  it('[EGR12] people read the method and where it goes, whole or told apart by its hash', async () => {
    const long = `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.example.org`;
    for (const text of [
      connectTo('example.org:443'),
      get('http://example.org:8080/a', [], 'POST'),
      connectTo(`${long}:443`),
    ]) {
      await stage.say(text);
    }
    await stage.say(connectTo('[2606:4700::1111]:443'));
    expect(requested.map(({ tool }) => tool)).toEqual([
      ...['CONNECT example.org:443', 'POST http://example.org:8080'],
      expect.stringMatching(/^CONNECT a{60}\.b{59}…#[0-9a-f]{16}:443$/),
      'CONNECT [2606:4700::1111]:443',
    ]);
  });
});

describe('answers', () => {
  it('[EGR9] a verdict that the server lets be kept is one action for all connections like it', async () => {
    for (let n = 0; n < 3; n++) expect(await stage.say(get('http://example.org/'))).toMatchObject({ status: 200 });
    expect([requested.length, outcomes]).toEqual([1, ['ran']]);
    stage.kept.forget();
    await stage.say(get('http://example.org/'));
    expect(requested).toHaveLength(2);
  });

  it('[EGR1] a denial of the rules, and one of a person, reach the client in their words', async () => {
    word = {
      ...allowed,
      verdict: 'deny',
      message: 'the network is switched off',
      rule: 'workspace.allow_network_access',
    };
    expect(await stage.say(get('http://example.org/'))).toMatchObject({
      ...{ status: 403, body: expect.stringContaining('refused by workspace.allow_network_access: the network is') },
    });
    word = null;
    const answer = stage.say(connectTo('example.org:443'));
    await expect.poll(() => gate.waiting).toHaveLength(1);
    says('deny', { message: 'not during the release', approvalId: newId('approval', ids) });
    expect(await answer).toMatchObject({
      ...{ status: 403, body: expect.stringContaining('refused by session.denied: not during the release') },
      headers: { 'x-omnigent-refused': expect.stringMatching(/^session\.denied; a person decided so/) },
    });
  });

  it('[EGR1] a question that nobody answers in time is a denial', async () => {
    word = null;
    const answer = stage.say(connectTo('example.org:443'));
    await expect.poll(() => late).toHaveLength(1);
    late[0]?.();
    expect(await answer).toMatchObject({
      ...{
        status: 403,
        body: expect.stringContaining('refused by egress.undecided: no verdict came within 10 minutes'),
      },
    });
  });

  it('[EGR13] a client that leaves withdraws the action', async () => {
    word = null;
    const client = stage.open(connectTo('example.org:443'));
    await expect.poll(() => gate.waiting).toHaveLength(1);
    client.destroy();
    await expect.poll(() => outcomes).toEqual(['withdrawn']);
    expect(gate.waiting).toEqual([]);
  });
});
