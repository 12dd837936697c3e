/** `omnigent secret` against a running server: the value comes from standard input or unseen from a terminal, and goes nowhere else. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { prepareHome } from '#db/testing-home.ts';
import { ServerProcess } from '../server-process.ts';
import { Commands } from './command.ts';
import { RealTerminal } from './real-terminal.ts';

vi.setConfig({ testTimeout: 60_000 });

const value = 'glpat-typed-by-a-person';
let server: ServerProcess;
let commands: Commands;

beforeAll(async () => {
  server = await ServerProcess.start({ onHome: prepareHome });
  commands = new Commands(server, server.folder);
});
afterAll(() => server.stop());

const list = () => commands.json<{ secrets: Record<string, unknown>[] }>(['secret', 'list']);
const set = (...more: string[]) => ['secret', 'set', 'forge', '--for', 'https://git.example.com/team/', ...more];

it('[CRD20] set reads the value from standard input, list tells everything else, rm forgets it', async () => {
  const stored = await commands.run(set('--as', 'basic:bot', '--method', 'get', '--method', 'HEAD,POST'), {
    input: `${value}\n`,
  });
  expect(stored).toMatchObject({ exitCode: 0, stdout: 'stored forge for https://git.example.com/team/\n', stderr: '' });
  expect((await list()).secrets).toMatchObject([
    {
      ...{ name: 'forge', origin: 'https://git.example.com', pathPrefix: '/team/', lastUsedAt: null },
      ...{ use: { kind: 'basic', user: 'bot' }, methods: ['GET', 'HEAD', 'POST'], problem: null },
    },
  ]);
  const again = await commands.run([...set(), '--json'], { input: value });
  expect(JSON.parse(again.stdout)).toEqual({ name: 'forge', replaced: true });
  const { stdout } = await commands.run(['secret', 'list']);
  expect(stdout).toMatch(/^NAME .*\nforge +https:\/\/git\.example\.com\/team\/ +bearer +any +never\n$/);
  expect(await commands.run(['secret', 'rm', 'forge'])).toMatchObject({ exitCode: 0, stdout: 'removed forge\n' });
  expect(await commands.run(['secret', 'rm', 'forge'])).toMatchObject({
    exitCode: 10,
    stderr: expect.stringMatching(/no secret is called forge/),
  });
  expect((await commands.run(['secret', 'list'])).stdout).toBe('no secrets\n');
  expect(
    (await readFile(join(server.home, 'server.log'), 'utf8').catch(() => '')) + (await readdir(server.home)).join(),
  ).not.toContain(value);
});

it('[CRD20] what is wrong is said before a value is asked for, with exit 2', async () => {
  const wrong: [string[], RegExp][] = [
    [['secret', 'set', 'Forge', '--for', 'https://x.example'], /NAME: expected 1 to 63/],
    [['secret', 'set', 'forge'], /--for: missing/],
    [['secret', 'set', 'forge', '--for', 'http://x.example'], /--for: expected an https address/],
    [set('--as', 'basic'), /--as: expected a user name/],
    [set('--as', 'cookie'), /--as: expected bearer, basic:USER/],
    [set('--as', 'bearer:x'), /--as: expected bearer, basic:USER/],
    [set('--as', 'header:Host'), /--as: this header belongs to the connection/],
    [set('--method', 'TRACE'), /--method: expected methods out of GET/],
  ];
  for (const [args, words] of wrong) {
    const started = commands.start(args);
    expect(await started.finished, args.join(' ')).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(words) });
  }
  expect(await commands.run(set())).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/value: nothing was given/),
  });
  expect(await commands.run(set(), { input: 'two words' })).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/no spaces/),
  });
});

it('[CRD20] at a terminal the value is asked for and not shown', async () => {
  const size = { cols: 80, rows: 10 };
  const terminal = new RealTerminal({ args: set(), home: server.home, cwd: server.folder, ...size });
  await expect.poll(() => terminal.raw, { timeout: 20_000 }).toContain('value of forge (not shown): ');
  terminal.type(`${value}x\u007f\r`);
  expect(await terminal.exited).toBe(0);
  expect(terminal.raw).toContain('stored forge');
  expect(terminal.raw).not.toContain(value.slice(0, 6));
  const waiting = new RealTerminal({ args: set(), home: server.home, cwd: server.folder, ...size });
  await expect.poll(() => waiting.raw, { timeout: 20_000 }).toContain('not shown');
  waiting.type('\u0003');
  expect(await waiting.exited).toBe(130);
});

it('[CRD20] rotate puts everything under a new key file', async () => {
  await commands.run(set(), { input: value });
  const before = await readFile(join(server.home, 'secret.key'), 'utf8');
  const { exitCode, stdout } = await commands.run(['secret', 'rotate']);
  expect([exitCode, stdout]).toEqual([
    0,
    'sealed 1 under the new key, which is secret.key in OMNIGENT_HOME; the old one is gone\n',
  ]);
  expect(await readFile(join(server.home, 'secret.key'), 'utf8')).not.toBe(before);
  expect(await commands.json(['secret', 'rotate'])).toEqual({ sealed: 1, unreadable: [], isGiven: false });
  expect((await list()).secrets).toMatchObject([{ name: 'forge', problem: null }]);
});

it('[CRD18] a server that is killed while it rotates has every secret, and one key, after its next start', async () => {
  const { api } = await server.signIn('Ada');
  const use = { kind: 'bearer' } as const;
  const url = 'https://git.example.com';
  for (let n = 0; n < 60; n++) await api.secret.set.mutate({ name: `n-${n}`, url, use, value: `${value}-${n}` });
  const next = join(server.home, 'secret.key.next');
  for (const lateMs of [0, 15, 60]) {
    const before = await readFile(join(server.home, 'secret.key'), 'utf8');
    const { api: client } = await server.signIn('Ada');
    const rotating = client.secret.rotate.mutate().catch(() => null);
    while (!existsSync(next)) await sleep(0);
    await sleep(lateMs);
    await server.kill();
    await rotating;
    await server.restart();
    expect((await readdir(server.home)).filter((name) => name.startsWith('secret.key'))).toEqual(['secret.key']);
    expect(await readFile(join(server.home, 'secret.key'), 'utf8')).not.toBe(before);
    const { secrets } = await list();
    expect(secrets.filter(({ problem }) => problem !== null)).toEqual([]);
    expect(secrets.length).toBeGreaterThanOrEqual(60);
  }
});
