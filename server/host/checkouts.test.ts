/** Checkouts made by the host's own processes, as the product makes them: bundled, and for another user where this is root. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { sandboxAccount } from '#runner/sandbox/index.ts';
import { type Checkouts, createCheckouts } from './checkouts.ts';

vi.setConfig({ testTimeout: 60_000 });

let folder: string;
let source: string;
let checkouts: Checkouts;
const lines: string[] = [];

const git = (...args: string[]) =>
  execFileSync('git', ['-C', source, '-c', 'user.name=A', '-c', 'user.email=a@example.com', ...args]);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omnigent-host-checkouts-'));
  await chmod(folder, 0o711);
  const program = join(folder, 'checkout.mjs');
  const banner = "import { createRequire as r } from 'node:module'; const require = r(import.meta.url);";
  await build({
    entryPoints: ['runner/checkout-main.ts'],
    ...{ bundle: true, platform: 'node', format: 'esm', outfile: program, logLevel: 'error', banner: { js: banner } },
  });
  // As in root's home: nobody else gets through.
  source = join(folder, 'closed', 'repository');
  await mkdir(join(source, 'config'), { recursive: true });
  await chmod(join(folder, 'closed'), 0o700);
  await writeFile(join(source, 'config', 'secrets.json'), 'canary-77\n');
  await writeFile(join(source, 'read.me'), 'hello\n');
  git('init', '-q');
  git('add', '-A');
  git('commit', '-qm', 'first');
  checkouts = createCheckouts({
    ...{ home: folder, program, isolation: Promise.resolve('namespaces'), env: process.env, method: 'copy' },
    log: (line) => lines.push(line),
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const launchOf = (name: string, from = source) => ({
  ...{ directory: join(folder, name), source: from, branch: 'omnigent/x', includesChanges: true },
  policy: { base: source, restricted: [join(source, 'config', 'secrets.json')] },
});

it('[HST26] a checkout belongs to whom its programs run as, is made once, and holds nothing that is restricted', async () => {
  const launch = launchOf('one');
  await mkdir(launch.directory);
  await Promise.all([checkouts.make(launch), checkouts.make(launch)]);
  await checkouts.make(launch);
  const root = join(launch.directory, 'checkout');
  expect(await readFile(join(root, 'read.me'), 'utf8')).toBe('hello\n');
  expect(await readdir(join(root, 'config')).catch(() => [])).toEqual([]);
  const { uid } = sandboxAccount() ?? { uid: process.getuid?.() };
  for (const path of [root, join(root, 'read.me'), join(root, '.git')]) expect((await stat(path)).uid, path).toBe(uid);
  expect(JSON.parse(await readFile(join(launch.directory, 'created.json'), 'utf8'))).toMatchObject({ kind: 'git' });
  expect(await checkouts.compare({ directory: launch.directory, against: launch.directory })).toMatchObject({
    files: [],
  });
  expect(await checkouts.remove({ directory: launch.directory, mode: 'if-saved' })).toMatchObject({
    checkout: 'unchanged',
  });
});

it('[RUN15] a source that cannot be copied is told in one readable line', async () => {
  const launch = launchOf('two', join(folder, 'no\nsuch\u202efolder'));
  await mkdir(launch.directory);
  await expect(checkouts.make(launch)).rejects.toMatchObject({
    code: 'source.invalid',
    message: expect.stringMatching(/^[\x20-\x7e]+$/),
  });
  expect(await checkouts.remove({ directory: launch.directory, mode: 'discard' })).toMatchObject({
    checkout: 'missing',
  });
});
