/** `run` on a whole server in this process: what it says yes to, and when it leaves; the test plays the runner. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { connect } from '#cli/api/client.ts';
import { runPrompt } from '#cli/turn/run.ts';
import { type ActionFacts, noFacts } from '#protocol/action-facts.ts';
import { newId } from '#protocol/id.ts';
import { openTestServer, random, type TestServer } from '#server/testing.ts';
import { TestRunner } from '#server/testing-runner.ts';

let server: TestServer;
let token: string;
let runner: TestRunner | undefined;

const source = { now: () => Date.now(), random };
const mutation = 'security_guardrails.require_human_approval_on_mutation';
const header = 'version: "2026.1"\nworkspace: { name: sample }\n';

beforeAll(async () => {
  server = await openTestServer();
  token = await server.token();
  server.judging.judge = server.services.policies.judge;
  await mkdir(join(server.home, 'project'));
});
afterAll(() => server.close());
afterEach(() => runner?.socket.terminate());

const running = (program: string, effect: 'read' | 'write', unclear: string[] = []): ActionFacts => ({
  ...{ ...noFacts, unclear },
  commands: [{ program, argv: [program], unknown: [], effect, cwd: '/checkout', via: [] }],
});

/** The agent of the newest session asks for one command, and ends its turn when that was let through. */
async function play(facts: ActionFacts, launched: number): Promise<void> {
  const soon = <T>(check: () => T) => vi.waitFor(check, { timeout: 10_000, interval: 5 });
  const launch = await soon(() => {
    const newest = server.host.launches.at(-1);
    if (!newest || server.host.launches.length === launched) throw new Error('nothing was launched');
    return newest;
  });
  const played = await TestRunner.start(server, launch);
  runner = played;
  const { turnId } = await soon(() => {
    const [first] = played.of('turn.start');
    if (!first) throw new Error('no turn begins');
    return first;
  });
  const about = { actionId: newId('action', source), turnId, agent: 'coder', itemId: null, kind: 'command' };
  const command = facts.commands[0]?.program;
  played.state('action.requested', { ...about, tool: 'Bash', command, paths: [], cwd: '/checkout', facts });
  await soon(() => expect(played.of('action.verdict')).toMatchObject([{ verdict: 'allow' }])).catch(() => undefined);
  if (played.of('action.verdict').length > 0)
    played.state('turn.completed', { turnId, status: 'completed', reason: null, conversation: null });
}

/** `omnigent run … --json --no-wait` while `play` answers. */
async function run(facts: ActionFacts, rules: string, yesTo?: string) {
  const workspace = join(server.home, 'project', 'omnigent.yaml');
  await writeFile(workspace, `${header}${rules}`);
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const env = { NODE_ENV: 'test' as const, OMNIGENT_URL: server.url, OMNIGENT_TOKEN: token };
  const io = { env, cwd: server.home, stdin: new PassThrough(), stdout, stderr };
  void play(facts, server.host.launches.length).catch(() => undefined);
  const options: Record<string, string | boolean> = { workspace, harness: 'acp:example', 'no-wait': true };
  if (yesTo !== undefined) options['yes-to'] = yesTo;
  const exitCode = await runPrompt.run({
    ...{ options, operands: { PROMPT: 'go' }, program: null, isJson: true, io, connect: () => connect(env) },
    print: async () => undefined,
  });
  const lines = String(stdout.read() ?? '')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const types = lines.flatMap(({ type }) => type ?? []);
  return { exitCode, types, result: lines.at(-1)?.result, told: String(stderr.read() ?? '') };
}

it('[APR26] run goes on where only what it said yes to is asked about, and prints that event, too', async () => {
  const { exitCode, types, result } = await run(running('touch', 'write'), '', mutation);
  expect([exitCode, result]).toMatchObject([0, { status: 'completed', approvals: [{ status: 'approved' }] }]);
  expect(types).toEqual(expect.arrayContaining(['approval.requested', 'approval.decided', 'turn.completed']));
});

it('[APR26] run leaves with 8 where something else is asked about as well', async () => {
  const { exitCode, result } = await run(running('touch', 'write', ['which file $x names']), '', mutation);
  expect([exitCode, result]).toMatchObject([
    8,
    { status: 'waiting', reason: 'a person decides', approvals: [{ rule: mutation, status: 'pending' }] },
  ]);
});

it('[APR26] run leaves with 8 where its yes is one of several that are needed', async () => {
  const rules = `rules: [{ when: 'true', then: ask, quorum: 2 }]\n`;
  const { exitCode, result } = await run(running('touch', 'write'), rules, '*');
  expect([exitCode, result]).toMatchObject([8, { status: 'waiting', approvals: [{ status: 'pending' }] }]);
});

it('[APR26] run leaves with 8 where policy pauses the session', async () => {
  const rules = 'policies: { security_guardrails: { forbidden_commands: [env] }, on_violation: pause }\n';
  const { exitCode, types, result } = await run(running('env', 'read'), rules);
  expect([exitCode, result]).toMatchObject([8, { status: 'waiting', reason: 'the session is paused' }]);
  expect(types).toContain('session.paused');
});

it('[POL9] run warns on stderr of restricted paths that are not there', async () => {
  const security = '{ restricted_paths: [tpyo], require_human_approval_on_mutation: false }';
  const { exitCode, told } = await run(running('ls', 'read'), `policies: { security_guardrails: ${security} }\n`);
  expect(exitCode).toBe(0);
  expect(told).toMatch(/^warning: .*omnigent\.yaml:3:55: tpyo is not there, so nothing is protected by it; .*\n/m);
});
