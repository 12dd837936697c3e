/** The commands about agents, each as a process of its own, on a real server with our agent and a scripted model. */
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { prepareHome } from '#db/testing-home.ts';
import { ModelServer } from '../model/server.ts';
import { ServerProcess } from '../server-process.ts';
import { Commands, makeRepository } from './command.ts';

// Each command is a process of its own.
vi.setConfig({ testTimeout: 90_000 });

let model: ModelServer;
let server: ServerProcess;
let dir: string;

beforeAll(async () => {
  model = await ModelServer.start(0);
  model.play({
    rules: [
      { match: { contains: 'fail' }, steps: [{ status: 400, body: { error: { message: 'no such model here' } } }] },
      { match: { contains: 'for ever' }, steps: [{ text: 'begin ' }, { gate: 'never' }] },
      { match: { hasToolResult: true }, usage: { input: 30, output: 5 }, steps: [{ text: 'It is there.' }] },
      {
        match: {},
        usage: { input: 20, cacheRead: 4, output: 7 },
        steps: [{ write: { path: 'made.txt', content: 'made\n' } }],
      },
    ],
  });
  const env = { ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: 'sk-scripted-model' };
  server = await ServerProcess.start({ env, onHome: prepareHome });
  dir = join(server.folder, 'repository');
  await makeRepository(dir);
});
afterAll(async () => {
  await server?.stop();
  await model?.close();
});

const omnigent = (...args: string[]) => new Commands(server, dir).run(args);
const json = (text: string) => JSON.parse(text.trim().split('\n').at(-1) ?? '');

it('[TRN10] run prints the answer, or every event and then the result with files and tokens', async () => {
  const plain = await omnigent('run', 'make it', '--dir', dir, '--harness', 'acp:example', '--name', 'plain');
  expect(plain).toMatchObject({ exitCode: 0, stdout: 'It is there.\n' });
  const { exitCode, stdout } = await omnigent('run', 'make it', '--dir', dir, '--harness', 'acp:example', '--json');
  expect(exitCode).toBe(0);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ type }) => type).filter(Boolean)).toEqual(
    expect.arrayContaining(['turn.started', 'item.completed', 'turn.completed']),
  );
  expect(lines.at(-1).result).toMatchObject({
    ...{ status: 'completed', output: 'It is there.', filesChanged: ['made.txt'], costMicroUsd: null, approvals: [] },
    usage: { calls: 2, inputTokens: 50, cacheReadTokens: 4, outputTokens: 12 },
  });
});

it('[TRN10] run exits as its turn ended: 1 when it failed, 124 when its time was up, 2 for a harness that is none', async () => {
  const failed = await omnigent('run', 'fail', '--dir', dir, '--harness', 'acp:example', '--json');
  expect(failed.exitCode).toBe(1);
  expect(json(failed.stdout).result).toMatchObject({
    status: 'failed',
    reason: expect.stringContaining('no such model here'),
  });
  const late = await omnigent('run', 'for ever', '--dir', dir, '--harness', 'acp:example', '--timeout', '3', '--json');
  expect(late.exitCode).toBe(124);
  const none = await omnigent('run', 'x', '--dir', dir, '--harness', 'nothing');
  expect(none).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('acp:example') });
});

it('[TRN10] send queues, waits and steers; interrupt ends the turn; usage and diff say what came of it', async () => {
  await omnigent('session', 'new', '--dir', dir, '--harness', 'acp:example', '--name', 'talk');
  const sent = await omnigent('session', 'send', 'talk', 'make it', '--wait', '--json');
  expect([sent.exitCode, json(sent.stdout)]).toMatchObject([0, { status: 'completed', output: 'It is there.' }]);
  expect(json((await omnigent('session', 'send', 'talk', 'for ever', '--json')).stdout)).toMatchObject({
    status: 'started',
  });
  expect(json((await omnigent('session', 'send', 'talk', 'make it', '--json')).stdout)).toMatchObject({
    status: 'queued',
  });
  const steered = await omnigent('session', 'send', 'talk', 'hurry', '--steer');
  expect(steered).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('takes nothing during a turn') });
  expect((await omnigent('session', 'interrupt', 'talk')).exitCode).toBe(0);
  const usage = json((await omnigent('usage', 'talk', '--json')).stdout);
  expect(usage).toMatchObject({
    budgetMicroUsd: null,
    calls: expect.arrayContaining([expect.objectContaining({ agent: 'example', inputTokens: 20 })]),
  });
  const diff = await omnigent('diff', 'talk');
  expect(diff.stdout).toContain('+++ b/made.txt');
  expect(json((await omnigent('diff', 'talk', '--json')).stdout)).toMatchObject({
    files: [{ path: 'made.txt', change: 'added', added: 1, removed: 0 }],
  });
});

it('[TRN10] harness list names each kind of agent and what it lacks', async () => {
  const { harnesses } = json((await omnigent('harness', 'list', '--json')).stdout);
  expect(harnesses).toEqual(expect.arrayContaining([expect.objectContaining({ type: 'acp:example', problem: null })]));
  const gemini = harnesses.find(({ type }: { type: string }) => type === 'gemini');
  expect(gemini.problem === null || gemini.problem.includes('npm install')).toBe(true);
});

it('[TRN10] ps names each agent with its pid on this machine', async () => {
  const { sessions } = json((await omnigent('ps', '--json')).stdout);
  const talk = sessions.find(({ name }: { name: string }) => name === 'talk');
  expect(talk.agents).toEqual([{ name: 'example', harness: 'acp:example', model: null, pid: expect.any(Number) }]);
  expect(await readFile(`/proc/${talk.agents[0].pid}/cmdline`, 'utf8')).toMatch(
    /\/agent\.js|examples\/agent\/main\.mjs/,
  );
});

it('[APR11] inbox shows what waits; approve and deny decide it once', async () => {
  const file = join(dir, 'omnigent.yaml');
  await writeFile(file, 'version: "2026.1"\nworkspace: { name: sample, allow_network_access: true }\n');
  const create = ['session', 'new', '--workspace', file, '--harness', 'acp:example', '--name', 'asking', '--json'];
  expect((await omnigent(...create)).exitCode).toBe(0);
  expect((await omnigent('session', 'send', 'asking', 'make it')).exitCode).toBe(0);
  const inbox = async () =>
    (await omnigent('inbox', '--json')).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  const asked = await vi.waitFor(async () => {
    const [first] = await inbox();
    if (first?.status !== 'pending') throw new Error('nothing waits yet');
    return first;
  }, 20_000);
  expect(asked).toMatchObject({
    ...{
      agent: 'example',
      kind: 'write',
      path: expect.stringContaining('made.txt'),
      status: 'pending',
      decidedAt: null,
    },
    ...{
      rule: 'security_guardrails.require_human_approval_on_mutation',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    },
  });
  expect((await omnigent('inbox')).stdout).toContain(asked.id);
  expect((await omnigent('deny', asked.id)).exitCode).toBe(2);
  expect((await omnigent('approve', asked.id, '--hash', 'f'.repeat(64))).exitCode).toBe(9);
  expect((await omnigent('approve', 'apr_00000000000000000000000000')).exitCode).toBe(10);
  const approved = await omnigent('approve', asked.id, '--hash', asked.hash, '--json');
  expect([approved.exitCode, json(approved.stdout)]).toMatchObject([
    0,
    { status: 'approved', decidedBy: expect.any(String) },
  ]);
  const late = await omnigent('deny', asked.id, '--note', 'too late');
  expect(late).toMatchObject({ exitCode: 9, stderr: expect.stringContaining('has decided already: approved') });
});

it('[AUD3] audit verify tells rows and head or the first bad row, and audit export prints every row', async () => {
  const { exitCode, stdout } = await omnigent('audit', 'verify', '--json');
  expect(exitCode).toBe(0);
  const result = json(stdout);
  expect(result).toMatchObject({ ok: true, head: expect.stringMatching(/^[0-9a-f]{64}$/) });
  const rows = (await omnigent('audit', 'export')).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(rows.length).toBeGreaterThanOrEqual(result.rows);
  expect(rows[0]).toMatchObject({
    seq: 1,
    hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    dedupeKey: expect.any(String),
  });
  const { chain, seq } = rows[0];
  const anchor = { at: '2026-01-01T00:00:00.000Z', chain, seq, hash: '0'.repeat(64) };
  await appendFile(join(server.home, 'anchors.jsonl'), `\n${JSON.stringify(anchor)}`);
  const bad = await omnigent('audit', 'verify', '--json');
  expect(bad.exitCode).toBe(1);
  expect(json(bad.stdout)).toMatchObject({ ok: false, firstBad: { chain, seq } });
  expect((await omnigent('audit', 'verify')).stdout).toContain(`row ${seq} of ${chain} is`);
});

const asks = `version: "2026.1"
workspace: { name: sample, allow_network_access: true }
`;
const allows = `${asks}policies: { security_guardrails: { require_human_approval_on_mutation: false } }
`;

it('[APR11] [RUL10] run leaves a question waiting with exit 8, or says yes to its rule; replay tells what other rules would say', async () => {
  const file = join(dir, 'asks.yaml');
  await writeFile(file, asks);
  const run = (...more: string[]) =>
    omnigent('run', 'make it', '--workspace', file, '--harness', 'acp:example', '--json', ...more);
  const left = await run('--no-wait', '--name', 'left');
  expect(left.exitCode).toBe(8);
  const { result } = json(left.stdout);
  expect(result).toMatchObject({ status: 'waiting', approvals: [{ status: 'pending', path: 'made.txt' }] });
  const approved = await omnigent('approve', result.approvals[0].id);
  expect(approved.exitCode).toBe(0);
  const other = await run('--no-wait', '--yes-to', 'default.*', '--name', 'other');
  expect(other.exitCode).toBe(8);
  const rule = 'security_guardrails.require_human_approval_on_mutation';
  const yes = await run('--no-wait', '--yes-to', rule, '--name', 'yes');
  expect([yes.exitCode, json(yes.stdout).result]).toMatchObject([
    0,
    { status: 'completed', filesChanged: ['made.txt'], approvals: [{ rule, status: 'approved' }] },
  ]);

  await writeFile(join(dir, 'allows.yaml'), allows);
  const replayed = await omnigent('policy', 'replay', join(dir, 'allows.yaml'), '--session', 'yes', '--json');
  expect(json(replayed.stdout).replays).toMatchObject([
    { sessionName: 'yes', actions: 1, counts: [{ from: 'ask', to: 'allow', count: 1 }] },
  ]);
  const told = await omnigent('policy', 'replay', join(dir, 'allows.yaml'), '--last', '3');
  expect(told.stdout).toContain('3 actions in 3 sessions, 3 would be judged otherwise');
  await writeFile(join(dir, 'wrong.yaml'), `${asks}rules: [{ when: nothing, then: ask }]\n`);
  const wrong = await omnigent('policy', 'replay', join(dir, 'wrong.yaml'));
  expect(wrong).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('wrong.yaml:3:17: rules[0]: Unknown variable: nothing'),
  });
});
