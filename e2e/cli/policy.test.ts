/** Sessions under a workspace file with the real agents: what is denied, what waits, and that the edited bytes are what ran. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { prepareHome } from '#db/testing-home.ts';
import { ModelServer } from '../model/server.ts';
import { ServerProcess } from '../server-process.ts';
import type { Visitor } from '../visitor.ts';
import { makeRepository } from './command.ts';

vi.setConfig({ testTimeout: 120_000 });

let model: ModelServer;
let server: ServerProcess;
let ada: Visitor;
let workspace: string;

const rules = `version: "2026.1"
workspace: { name: sample, allow_network_access: true }
policies:
  security_guardrails:
    forbidden_commands: ["env"]
    restricted_paths: ["secret.json"]
`;

beforeAll(async () => {
  model = await ModelServer.start(0);
  const env = {
    ANTHROPIC_BASE_URL: model.url,
    ANTHROPIC_API_KEY: 'sk-scripted-model',
    OPENAI_BASE_URL: `${model.url}/v1`,
    OPENAI_API_KEY: 'sk-scripted-model',
  };
  server = await ServerProcess.start({ env, onHome: prepareHome });
  const dir = join(server.folder, 'repository');
  await makeRepository(dir);
  workspace = join(dir, 'omnigent.yaml');
  await writeFile(workspace, rules);
  ada = await server.signIn('Ada');
});
afterAll(async () => {
  await server?.stop();
  await model?.close();
});

const edited = 'echo edited > made.txt';
/** Who cannot have a command replaced is told the exact one, and may run it once in this turn without a further question. */
const instead = `run exactly this instead: ${edited}`;

/** Plays one command and runs a turn with it; resolves when the turn is over, or with the question that it waits for. */
async function turn(
  sessionId: string,
  tag: string,
  step:
    | { shell: string }
    | { write: { path: string; content: string } }
    | { tool: { name: string; input: Record<string, unknown> } },
) {
  model.play({
    rules: [
      { match: { contains: instead }, times: 1, steps: [{ shell: edited }] },
      { match: { contains: tag, hasToolResult: true }, steps: [{ text: 'done' }] },
      { match: { contains: tag }, times: 2, steps: [step] },
      { match: {}, steps: [{ text: 'done' }] },
    ],
  });
  const { turnId } = await ada.api.turn.send.mutate({ session: sessionId, prompt: `Do it, ${tag}` });
  return vi.waitFor(async () => {
    const { view } = await ada.api.session.get.query({ session: sessionId });
    if (view.turns.lastTurn?.turnId === turnId) return null;
    const { pending } = await ada.api.approval.list.query({ decided: 0 });
    const asked = pending.find((each) => each.sessionId === sessionId);
    if (!asked) throw new Error('it goes on');
    return asked;
  }, 40_000);
}

const until = (sessionId: string) =>
  vi.waitFor(async () => {
    const { view } = await ada.api.session.get.query({ session: sessionId });
    if (view.turns.turn) throw new Error('it goes on');
    return view;
  }, 40_000);
const told = (text: string) => model.requests.some(({ body }) => JSON.stringify(body).includes(text));

describe.each(['claude-sdk', 'claude-code', 'acp:opencode', 'acp:example'])('%s', (harness) => {
  it(`[APR12] ${harness}: forbidden is denied with the reason, a change waits, and what a person edited is what runs`, async () => {
    const { sessionId, checkout } = await ada.api.session.create.mutate({ workspace, harness });
    expect(await turn(sessionId, 'one-;', { shell: 'nohup env' })).toBe(null);
    expect(told('it is forbidden: env')).toBe(true);

    const asked = await turn(sessionId, 'two-;', { shell: 'echo asked > made.txt' });
    expect(asked).toMatchObject({
      command: 'echo asked > made.txt',
      rule: 'security_guardrails.require_human_approval_on_mutation',
    });
    if (!asked) return;
    await ada.api.approval.decide.mutate({
      id: asked.id,
      decision: 'approved',
      edit: edited,
      hash: asked.hash,
    });
    await until(sessionId);
    expect(told(instead)).toBe(harness.startsWith('acp:'));
    expect(await readFile(join(checkout, 'made.txt'), 'utf8')).toBe('edited\n');

    // A tool for files is judged like the shell.
    expect(await turn(sessionId, 'four-;', { write: { path: 'secret.json', content: 'gone\n' } })).toBe(null);
    expect(await readFile(join(checkout, 'secret.json'), 'utf8').catch(() => null)).toBe(null);
    const writes = await turn(sessionId, 'nine-;', { write: { path: 'given.txt', content: 'to the letter\n' } });
    if (!writes) throw new Error('it was not asked about');
    const { input } = await ada.api.approval.get.query({ id: writes.id });
    expect(input?.text).toContain(harness === 'acp:example' ? '"to the letter\\n"' : '+to the letter');
    await ada.api.approval.decide.mutate({ id: writes.id, decision: 'approved', hash: writes.hash });
    await until(sessionId);
    expect(await readFile(join(checkout, 'given.txt'), 'utf8')).toBe('to the letter\n');
    for (const [n, shell] of [
      'echo gone > secret.json',
      'sed -i s/a/b/ secret.json',
      'echo gone | tee secret.json',
    ].entries()) {
      expect(await turn(sessionId, `five-${n};`, { shell }), shell).toBe(null);
    }
    expect(told('secret.json is restricted')).toBe(true);
    // What a program does with a file is not known before it runs: a person says no.
    const asks = await turn(sessionId, 'six-;', { shell: `python3 -c 'open("secret.json", "w").write("gone")'` });
    expect(asks).toMatchObject({ status: 'pending', command: expect.stringContaining('python3') });
    if (!asks) return;
    await ada.api.approval.decide.mutate({ id: asks.id, decision: 'denied', note: 'not with python', hash: asks.hash });
    await until(sessionId);
    expect(told('not with python')).toBe(true);
    expect(await readFile(join(checkout, 'secret.json'), 'utf8').catch(() => null)).toBe(null);
    await ada.api.session.end.mutate({ session: sessionId, discard: true });
  });
});

it('[GATE9] OpenCode’s command is judged in the folder that it will run in', async () => {
  const { sessionId } = await ada.api.session.create.mutate({ workspace, harness: 'acp:opencode' });
  const input = { command: 'cat ../secret.json', workdir: 'inner', description: 'read it' };
  expect(await turn(sessionId, 'folder-;', { tool: { name: 'bash', input } })).toBe(null);
  const texts = model.requests.map(({ body }) => JSON.stringify(body));
  expect(texts.some((text) => text.includes('folder-;') && text.includes('secret.json is restricted'))).toBe(true);
  await ada.api.session.end.mutate({ session: sessionId, discard: true });
});
