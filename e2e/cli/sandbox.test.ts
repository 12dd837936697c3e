/** `omnigent sandbox`: commands as an agent's would run, without a server. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type Finished, makeRepository, Started } from './command.ts';

vi.setConfig({ testTimeout: 60_000 });

let folder: string;
let repository: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omnigent-sandbox-cli-'));
  await chmod(folder, 0o711);
  repository = join(folder, 'repository');
  await makeRepository(repository);
  await mkdir(join(folder, 'tmp'), { mode: 0o711 });
  await writeFile(join(repository, 'dirty.txt'), 'not committed\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function omnigent(args: string[], { env = {}, input = '' } = {}): Promise<Finished> {
  const started = new Started(args, {
    home: join(folder, 'home'),
    cwd: folder,
    env: { TMPDIR: join(folder, 'tmp'), ...env },
  });
  started.child.stdin.end(input);
  return started.finished;
}

const exec = (script: string, ...options: string[]) =>
  omnigent(['sandbox', 'exec', '--dir', repository, ...options, '--', 'sh', '-c', script]);

it('[SBX11] a command sees the uncommitted changes, changes nothing outside, and ends with its own exit code', async () => {
  const script = 'cat dirty.txt; echo changed >dirty.txt; echo made >made.txt; git status --short; exit 7';
  const { exitCode, stdout, stderr } = await exec(script);
  expect([exitCode, stderr.split('\n')[0]]).toEqual([7, 'sandbox: bubblewrap']);
  expect(stdout).toContain('not committed\n');
  expect(stdout).toContain('?? made.txt');
  expect(await readFile(join(repository, 'dirty.txt'), 'utf8')).toBe('not committed\n');
  expect(await readdir(repository)).not.toContain('made.txt');
  expect(await readdir(join(folder, 'tmp'))).toEqual([]);
});

it('[SBX11] its input is passed on, and a signal ends it', async () => {
  const typed = await omnigent(['sandbox', 'exec', '--dir', repository, '--', 'cat'], { input: 'typed\n' });
  expect(typed).toMatchObject({ exitCode: 0, stdout: 'typed\n' });
  expect((await exec('kill -TERM $$')).exitCode).toBe(143);
});

it('[SBX11] it starts in base_dir of the workspace file', async () => {
  await mkdir(join(repository, 'part'), { recursive: true });
  await writeFile(join(repository, 'part', 'file.txt'), 'x');
  const file = join(repository, 'omnigent.yaml');
  await writeFile(file, 'version: "2026.1"\nworkspace: { name: sample, base_dir: part }\n');
  const { stdout } = await omnigent(['sandbox', 'exec', '--workspace', file, '--', 'sh', '-c', 'pwd; ls']);
  expect(stdout).toMatch(/\/checkout\/part\nfile\.txt\n$/);
  await rm(file);
});

it('[SBX11] where the sandbox cannot start nothing runs, and the exit code is 125', async () => {
  const bin = join(folder, 'bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'bwrap'), '#!/bin/sh\necho no namespaces here >&2; exit 1\n', { mode: 0o755 });
  const env = { PATH: `${bin}:${process.env.PATH}` };
  const args = ['sandbox', 'exec', '--dir', repository, '--', 'touch', join(repository, 'ran')];
  const { exitCode, stderr } = await omnigent(args, { env });
  expect([exitCode, stderr]).toEqual([125, expect.stringContaining('no namespaces here')]);
  expect(await readdir(repository)).not.toContain('ran');
  const tested = await omnigent(['sandbox', 'test', '--json'], { env });
  expect([tested.exitCode, JSON.parse(tested.stdout).ok]).toEqual([1, false]);
});

it('[SBX6] sandbox test says of each probe whether it holds', async () => {
  const { exitCode, stdout } = await omnigent(['sandbox', 'test', '--json']);
  const { ok, probes } = JSON.parse(stdout) as { ok: boolean; probes: { name: string; ok: boolean; detail: string }[] };
  expect([exitCode, ok, probes.every((probe) => probe.ok)]).toEqual([0, true, true]);
  expect(probes.length).toBeGreaterThan(10);
});
