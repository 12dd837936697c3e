/** What `policy explain` and `policy check` say by a workspace file on disk. */
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AnyCommand } from '../command.ts';
import { checkPolicy } from './check.ts';
import { explainPolicy } from './explain.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'omnigent-policy-'));
  await writeFile(join(dir, 'real'), 'x');
  await symlink(join(dir, 'real'), join(dir, 'link'));
});
afterAll(() => rm(dir, { recursive: true }));

const header = 'version: "2026.1"\nworkspace: { name: sample }\n';

/** Runs the command in the folder, under these rules. */
async function run(command: AnyCommand, rules: string, { input = '', operand = '' } = {}) {
  await writeFile(join(dir, 'omnigent.yaml'), `${header}${rules}`);
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.end(input);
  const printed: unknown[] = [];
  const exitCode = await command.run({
    ...{ options: {}, operands: { COMMAND: operand }, program: null, isJson: true },
    io: { env: { NODE_ENV: 'test' }, cwd: dir, stdin, stdout, stderr },
    connect: () => Promise.reject(new Error('no server is needed')),
    print: async (value) => void printed.push(value),
  });
  const out = String(stdout.read() ?? '');
  return { exitCode, told: String(stderr.read() ?? ''), printed: out === '' ? printed[0] : JSON.parse(out) };
}
const explain = (rules: string, operand: string) => run(explainPolicy, rules, { operand });
const check = (rules: string, input: string) =>
  run(checkPolicy, rules, { input: `${JSON.stringify({ kind: 'command', input })}\n` });

it('[POL11] explain knows the command, its kind and the time, as check does', async () => {
  for (const rule of [
    `{ when: 'action.command.contains("keys")', then: deny }`,
    `{ when: 'action.kind == "command"', then: deny }`,
    `{ when: 'action.cwd != ""', then: deny }`,
    `{ when: 'now > timestamp("2020-01-01T00:00:00Z")', then: deny }`,
  ]) {
    const both = [await explain(`rules: [${rule}]\n`, 'ls keys'), await check(`rules: [${rule}]\n`, 'ls keys')];
    for (const { printed } of both) expect(printed, rule).toMatchObject({ verdict: 'deny', rule: 'rules[0]' });
  }
});

it('[POL9] explain and check warn on stderr of restricted paths that are not there or lead elsewhere', async () => {
  const rules = 'policies:\n  security_guardrails:\n    restricted_paths:\n      - link\n      - tpyo\n';
  for (const { exitCode, told } of [await explain(rules, 'ls'), await check(rules, 'ls')]) {
    expect(exitCode).toBe(0);
    expect(told.trim().split('\n')).toEqual([
      `warning: omnigent.yaml:6:9: link is a link to ${join(dir, 'real')}; name what it leads to as well`,
      'warning: omnigent.yaml:7:9: tpyo is not there, so nothing is protected by it; correct it, or create the file',
    ]);
  }
});
