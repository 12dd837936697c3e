/** What real commands of a real agent change, held against what they said: recorded, and asked about where the rules want that. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { prepareHome } from '#db/testing-home.ts';
import type { SessionEvent } from '#protocol/event.ts';
import { ModelServer } from '../model/server.ts';
import { ServerProcess } from '../server-process.ts';
import type { Visitor } from '../visitor.ts';
import { Commands, makeRepository } from './command.ts';

vi.setConfig({ testTimeout: 200_000 });

let model: ModelServer;
let server: ServerProcess;
let ada: Visitor;
let dir: string;
let workspace: string;
let sessionId: string;

beforeAll(async () => {
  model = await ModelServer.start(0);
  const env = {
    ANTHROPIC_BASE_URL: model.url,
    ANTHROPIC_API_KEY: 'sk-scripted-model',
    OPENAI_BASE_URL: `${model.url}/v1`,
    OPENAI_API_KEY: 'sk-scripted-model',
  };
  server = await ServerProcess.start({ env, onHome: prepareHome });
  dir = join(server.folder, 'repository');
  await mkdir(join(dir, 'src'), { recursive: true });
  await writeFile(join(dir, 'src', 'b.txt'), 'one\n');
  await makeRepository(dir);
  workspace = join(dir, 'omnigent.yaml');
  await writeFile(
    workspace,
    'version: "2026.1"\nworkspace: { name: sample, base_dir: src }\npolicies: { on_surprise: ask }\n',
  );
  ada = await server.signIn('Ada');
});
afterAll(async () => {
  await server?.stop();
  await model?.close();
});

/** A turn of these commands, one after the other; whatever is asked is approved. Resolves with the rules that asked. */
async function turn(tag: string, ...commands: string[]): Promise<string[]> {
  const [first = '', ...others] = commands;
  model.play({
    rules: [
      ...others.map((shell) => ({
        match: { contains: tag, hasToolResult: true },
        times: 1,
        steps: [{ text: 'Next.', delayMs: 500 }, { shell }],
      })),
      { match: { contains: tag, hasToolResult: true }, steps: [{ text: 'done' }] },
      { match: { contains: tag }, times: 2, steps: [{ shell: first }] },
      { match: {}, steps: [{ text: 'done' }] },
    ],
  });
  const { turnId } = await ada.api.turn.send.mutate({ session: sessionId, prompt: `Do it, ${tag}` });
  const rules: string[] = [];
  await vi.waitFor(async () => {
    const { pending } = await ada.api.approval.list.query({ decided: 0 });
    for (const { id, hash, rule } of pending) {
      rules.push(rule);
      await ada.api.approval.decide.mutate({ id, decision: 'approved', hash });
    }
    const { view } = await ada.api.session.get.query({ session: sessionId });
    if (view.turns.lastTurn?.turnId !== turnId) throw new Error('it goes on');
  }, 90_000);
  return rules;
}

async function surprises() {
  const { stdout } = await new Commands(server, dir).run(['session', 'events', sessionId, '--json']);
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as SessionEvent);
  return events.flatMap((event) => (event.type === 'effect.surprised' ? [event.payload] : []));
}

const harnesses = ['acp:example', 'claude-sdk', 'acp:opencode'];

it.each(harnesses)(
  '[EFF1] %s: what a command said is no surprise, what an approved script did outside of base_dir is, and is asked about',
  async (harness) => {
    const created = await ada.api.session.create.mutate({ workspace, harness });
    const { checkout } = created;
    sessionId = created.sessionId;
    const mutation = 'security_guardrails.require_human_approval_on_mutation';
    expect(await turn('one-;', 'echo made | tee a.txt', 'sed -n 1,5p b.txt')).toEqual([mutation]);
    expect(await readFile(join(checkout, 'src', 'a.txt'), 'utf8')).toBe('made\n');

    const inside = `awk 'BEGIN { print "x" > "inside.txt" }'`;
    const outside = `awk 'BEGIN { print "x" > "../outside.txt" }'`;
    expect(await turn('two-;', inside, outside, 'sed -n 1,5p b.txt', 'sed -n 1,6p b.txt')).toEqual([
      'default.unclear',
      'default.unclear',
      'on_surprise',
    ]);
    expect(await readFile(join(checkout, 'outside.txt'), 'utf8')).toBe('x\n');
    const found = await surprises();
    expect(found).toMatchObject([{ paths: [{ path: 'outside.txt', change: 'added' }], more: 0, shared: false }]);
    await ada.api.session.end.mutate({ session: sessionId, discard: true });
  },
);
