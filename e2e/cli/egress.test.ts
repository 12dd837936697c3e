/** A real agent's commands reach the network by the proxy of its runner, and people decide about it. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { prepareHome } from '#db/testing-home.ts';
import { ModelServer } from '../model/server.ts';
import { ServerProcess } from '../server-process.ts';
import { Commands, makeRepository } from './command.ts';

vi.setConfig({ testTimeout: 90_000 });

const rules = `version: "2026.1"
workspace: { name: sample, allow_network_access: true }
rules: [{ when: 'action.kind == "command"', then: allow, reason: the sandbox holds it }]
`;

/** What no rule about commands sees. */
const fetcher = `import { request } from 'node:http';
const { hostname, port, password } = new URL(process.env.http_proxy);
const headers = { host: '169.254.169.254', 'proxy-authorization': 'Bearer ' + password };
const asked = request({ hostname, port, path: 'http://169.254.169.254/latest', headers });
asked.on('response', (answer) => answer.setEncoding('utf8').on('data', console.log)).end();
`;

let model: ModelServer;
let server: ServerProcess;
let dir: string;

beforeAll(async () => {
  model = await ModelServer.start(0);
  const env = { ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: 'sk-scripted-model' };
  server = await ServerProcess.start({ env, onHome: prepareHome });
  dir = join(server.folder, 'repository');
  await makeRepository(dir);
  await writeFile(join(dir, 'omnigent.yaml'), rules);
  await writeFile(join(dir, 'fetch.mjs'), fetcher);
  await promisify(execFile)('git', ['-C', dir, 'add', 'fetch.mjs']);
  const who = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com'];
  await promisify(execFile)('git', ['-C', dir, ...who, 'commit', '-qm', 'fetch']);
});
afterAll(async () => {
  await server?.stop();
  await model?.close();
});

const omnigent = (...args: string[]) => new Commands(server, dir).run(args);
const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

it('[EGR12] [EGR3] a command of an agent waits until somebody has decided about its connection; private addresses are refused', async () => {
  model.play({
    rules: [
      { match: { hasToolResult: true }, steps: [{ text: 'Done.' }] },
      { match: {}, steps: [{ shell: 'curl -sS https://api.omnigent-sample.example/; node fetch.mjs' }] },
    ],
  });
  const workspace = join(dir, 'omnigent.yaml');
  const run = omnigent('run', 'look', '--workspace', workspace, '--harness', 'acp:example', '--json');
  const question = await vi.waitFor(
    async () => {
      const { stdout } = await omnigent('inbox', '--json');
      const found = (stdout === '' ? [] : lines(stdout)).find(({ status }) => status === 'pending');
      if (!found) throw new Error('not yet');
      return found;
    },
    { timeout: 30_000, interval: 200 },
  );
  expect(question).toMatchObject({
    kind: 'network',
    tool: 'CONNECT api.omnigent-sample.example:443',
    agent: 'example',
  });
  expect((await omnigent('approve', question.id)).stdout).toContain('approved CONNECT api.omnigent-sample.example:443');
  const { exitCode, stdout } = await run;
  expect(exitCode).toBe(0);
  const of = (type: string) => lines(stdout).flatMap((event) => (event.type === type ? [event.payload] : []));
  expect(of('action.requested').map(({ tool, turnId }) => [tool, turnId !== null])).toEqual([
    ...[
      ['shell', true],
      ['CONNECT api.omnigent-sample.example:443', true],
      ['GET http://169.254.169.254', true],
    ],
  ]);
  expect(of('action.judged').map(({ verdict, rule }) => [verdict, rule])).toEqual([
    ['allow', 'rules[0]'],
    ['ask', 'security_guardrails.require_human_approval_on_mutation'],
    ['deny', 'default.private-address'],
  ]);
  const said = JSON.stringify(model.requests.at(-1)?.body);
  // The name stands for nothing on any machine.
  expect(said).toContain('response 502');
  expect(said).toContain('refused by default.private-address: 169.254.169.254');
});
