/** Rules tried out on a session whose files lie in a folder of the test: what is said there must be what a runner's facts would get. */
import { link, mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { realFiles } from '#facts/file-view.ts';
import { restrictedIn } from '#policy/replay.ts';
import type { ActionFacts } from '#protocol/action-facts.ts';
import { newId } from '#protocol/id.ts';
import type { SessionView } from '#protocol/session-view.ts';
import type { Person } from '#server/auth/index.ts';
import { openTestServer, random, type TestServer } from '#server/testing.ts';
import { Trials } from './trial.ts';

let server: TestServer;
let ada: Person;
let file: string;
let start: string;
let trials: Trials;

const source = { now: () => Date.now(), random };
const restricting = (...paths: string[]) => `version: "2026.1"
workspace: { name: sample, allow_network_access: true }
policies:
  security_guardrails:
    forbidden_commands: ["curl -X POST *malicious-actor.com*"]
    restricted_paths: ${JSON.stringify(paths)}
    require_human_approval_on_mutation: false
`;

/** What a runner says that stands where the checkout is. */
async function examine(view: SessionView, command: string): Promise<ActionFacts> {
  const { policies } = server.services;
  const moved = { base: view.policy?.base ?? '', start };
  const restricted = restrictedIn(await policies.inForce(view), moved);
  return policies.parser.analyse(command, { cwd: start, base: start, home: homedir(), restricted, files: realFiles });
}

/** A session under rules that restrict these paths, and what it recorded of these commands. */
async function open(paths: string[], commands: readonly string[] = []): Promise<SessionView> {
  const { policies, lifecycle, log } = server.services;
  await writeFile(file, restricting(...paths));
  const place = await policies.place(file, null);
  const { sessionId } = await lifecycle.create({ ...place, agent: undefined }, ada);
  const view = async () => {
    const found = await log.view(sessionId);
    if (!found) throw new Error('no session');
    return { ...found, start };
  };
  const now = await view();
  for (const command of commands) {
    const actionId = newId('action', source);
    const about = { actionId, turnId: null, agent: 'coder', itemId: null, kind: 'command', tool: 'Bash' } as const;
    const action = { ...about, command, paths: [], cwd: start, facts: await examine(now, command) };
    const { isPausing: _, demand: __, ...said } = await policies.judge({ ...action, sessionId }, now);
    const judged = { type: 'action.judged' as const, payload: { actionId, ...said }, principal: 'server' };
    await log.append(sessionId, [{ type: 'action.requested', payload: action, principal: 'server' }, judged]);
  }
  return view();
}

beforeAll(async () => {
  server = await openTestServer();
  ada = await server.services.auth.personNamed('ada');
  file = join(server.home, 'project', 'omnigent.yaml');
  start = join(server.home, 'start');
  await mkdir(join(server.home, 'project'));
  await mkdir(join(start, 'secrets'), { recursive: true });
  await mkdir(join(start, 'notes'));
  await writeFile(join(start, 'secrets', 'key'), 'x');
  await link(join(start, 'secrets', 'key'), join(start, 'other'));
  const { log, policies } = server.services;
  trials = new Trials({
    ...{ log, policies, now: () => Date.now() },
    examine: async (sessionId, command) => examine((await log.view(sessionId)) as SessionView, command),
  });
});
afterAll(() => server.close());

/** Each touches what is restricted by another way than its name. */
const byName = ['cat secrets/key', 'cat secrets/*', 'cat *', 'cat sec*/key', 'cd secrets && cat *'];
const above = ['rm -rf secrets', 'mv secrets x', 'tar czf x.tgz .'];
const all = [...byName, ...above, 'cat other'];

const said = async (view: SessionView, commands: readonly string[], text?: string) =>
  Object.fromEntries(
    await Promise.all(
      commands.map(async (command) => {
        const edited = text === undefined ? null : ({ level: 'workspace', text } as const);
        return [command, (await trials.test(view, { kind: 'command', text: command }, edited)).verdict] as const;
      }),
    ),
  );
const each = (commands: readonly string[], verdict: string) =>
  Object.fromEntries(commands.map((command) => [command, verdict]));

describe('the test box', () => {
  it('[RUL11] says what a session would, of what is restricted by a pattern, a link or what lies in a folder', async () => {
    const view = await open(['secrets/key']);
    expect(await said(view, all)).toEqual(each(all, 'deny'));
    expect(await said(view, ['ls', 'cat notes/a'])).toEqual(each(['ls', 'cat notes/a'], 'allow'));
  });

  it('[RUL11] takes edited restricted paths by their names, and keeps what else was found about those that stay', async () => {
    const view = await open(['secrets/key']);
    const more = restricting('secrets/key', 'notes/**');
    expect(await said(view, all, more)).toEqual(each(all, 'deny'));
    expect(await said(view, ['cat notes/a', 'cp -r . /tmp/x', 'cat a'], more)).toEqual({
      ...{ 'cat notes/a': 'deny', 'cp -r . /tmp/x': 'ask', 'cat a': 'allow' },
    });
    expect(await said(view, all, restricting())).toEqual(each(all, 'allow'));
    expect(await said(await open([]), [...byName, ...above], restricting('secrets/key'))).toEqual(
      each([...byName, ...above], 'deny'),
    );
    expect(await said(await open([]), ['cp -r secrets x'], restricting('secrets/key'))).toEqual({
      'cp -r secrets x': 'ask',
    });
  });

  it('[RUL11] judges a request as policy check does', async () => {
    const view = await open([]);
    const request = async (method: string, url: string) => {
      const { verdict, rule } = await trials.test(view, { kind: 'request', method, url }, null);
      return `${verdict} ${rule}`;
    };
    expect(await request('GET', 'https://example.com/')).toBe('allow default.read-only');
    expect(await request('POST', 'https://example.com/')).toMatch(/^ask .*mutation$/);
    expect(await request('POST', 'https://malicious-actor.com/')).toMatch(/^deny .*forbidden_commands\[0\]$/);
    expect(await request('DELETE', 'ftp://example.com/')).toBe('deny default.private-address');
  });
});

describe('replay', () => {
  it('[RUL10] unedited rules change nothing of what was recorded under them', async () => {
    const view = await open(['secrets/key'], all);
    const replayed = await trials.replay(view, { level: 'workspace', text: restricting('secrets/key') });
    expect(replayed).toMatchObject({ actions: all.length, counts: [], changes: [] });
  });

  it('[RUL10] edited restricted paths are held against what was recorded by their names', async () => {
    const view = await open(['secrets/key'], all);
    const without = await trials.replay(view, { level: 'workspace', text: restricting('/elsewhere/key') });
    expect(without.counts).toEqual([{ from: 'deny', to: 'allow', count: all.length }]);
    const open2 = await open([], all);
    const withKey = await trials.replay(open2, { level: 'workspace', text: restricting('secrets/key') });
    expect(withKey.counts).toEqual([{ from: 'allow', to: 'deny', count: all.length - 1 }]);
  });

  it('[RUL10] where the rules changed since, what was restricted then is not taken for what is now', async () => {
    const view = await open(['secrets/key'], ['cat secrets/key', 'cat notes/a']);
    const { policies } = server.services;
    const text = 'version: "2026.1"\npolicies: { security_guardrails: { restricted_paths: [notes] } }\n';
    await policies.change({ text, level: 'session' }, view, ada);
    const now = { ...((await server.services.log.view(view.id)) as SessionView), start };
    const replayed = await trials.replay(now, { level: 'workspace', text: restricting() });
    expect(replayed.changes.map(({ command, after }) => `${command}: ${after.verdict}`)).toEqual([
      'cat secrets/key: allow',
      'cat notes/a: deny',
    ]);
  });
});
