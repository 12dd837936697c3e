/** sandbox.start and sandbox.git-status: what a sandbox costs a program that starts in it, and one that reads many files. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { removeWhole } from '#runner/checkout/index.ts';
import {
  asAccount,
  makeTemporary,
  openSessionSandbox,
  type SessionSandbox,
  sandboxAccount,
  type WrappedProgram,
} from '#runner/sandbox/index.ts';
import { median, toResult } from '../result.ts';
import type { Measure } from '../stage.ts';

const run = promisify(execFile);
const account = sandboxAccount();
const fileCount = 5_000;
const perFolder = 100;

/** A repository that belongs to whom the programs run as. */
async function makeRepository(root: string, files: number): Promise<void> {
  for (let at = 0; at < files; at += perFolder) {
    const folder = join(root, `folder-${at / perFolder}`);
    await mkdir(folder, { recursive: true });
    const names = Array.from({ length: perFolder }, (_, n) => join(folder, `file-${n}.txt`));
    await Promise.all(names.map((name) => writeFile(name, `${name}\n`.repeat(20))));
  }
  const git = (...args: string[]) =>
    run('git', ['-C', root, '-c', 'user.name=A', '-c', 'user.email=a@example.com', ...args]);
  await git('init', '-q');
  await git('add', '-A');
  await git('commit', '-qm', 'files');
}

async function openPlace(files: number): Promise<{ place: SessionSandbox; root: string; close(): Promise<void> }> {
  const directory = await makeTemporary('omnigent-bench-', account);
  const root = join(directory, 'checkout');
  await mkdir(root);
  await makeRepository(root, files);
  const place = await openSessionSandbox({
    launch: { sandbox: 'bubblewrap', isolation: 'namespaces', directory, author: null, programs: {} },
    onFailed: () => undefined,
  });
  await place.tested;
  await place.sandbox.enter(root);
  const close = async () => {
    place.close();
    await removeWhole(directory);
  };
  return { place, root, close };
}

/** The same program as the same user, without a sandbox. */
function bare(command: string[], cwd: string): WrappedProgram {
  const [file = '', ...args] = [...asAccount(account, '/usr/bin/setpriv'), ...command];
  return { file, args, cwd, env: { PATH: '/usr/bin:/bin' } };
}

async function timed({ file, args, cwd, env }: WrappedProgram): Promise<number> {
  const since = performance.now();
  await run(file, args, { cwd, env: env as unknown as NodeJS.ProcessEnv });
  return performance.now() - since;
}

const start: Measure = {
  name: 'sandbox.start',
  async run(_stage, { runs, isQuick }) {
    const { place, root, close } = await openPlace(perFolder);
    const [inside, outside]: [number[], number[]] = [[], []];
    try {
      for (let n = -3; n < (runs ?? (isQuick ? 20 : 60)); n++) {
        const plain = await timed(bare(['/usr/bin/true'], root));
        const held = await timed(await place.sandbox.wrap({ command: ['/usr/bin/true'], cwd: root }));
        if (n < 0) continue;
        outside.push(plain);
        inside.push(held);
      }
    } finally {
      await close();
    }
    const baseline = { name: 'the same program without a sandbox', samples: outside };
    const method =
      '`true` from spawn to exit in the sandbox of an open session, in alternation with the same without; each sample less the median of the baseline';
    const samples = inside.map((ms) => ms - median(outside));
    return [toResult({ name: 'sandbox.start', unit: 'ms', samples, aim: 60, baseline, method })];
  },
};

/** Prints the ms of each of so many runs of git, so that neither the sandbox nor this program is counted. */
const counting = `
const { spawnSync } = require('node:child_process');
for (let n = 0; n < Number(process.argv[1]); n++) {
  const since = performance.now();
  const { status } = spawnSync('git', ['status', '--porcelain'], { stdio: 'ignore' });
  if (status !== 0) process.exit(1);
  console.log(performance.now() - since);
}`;

async function statusTimes({ file, args, cwd, env }: WrappedProgram): Promise<number[]> {
  const { stdout } = await run(file, args, { cwd, env: env as unknown as NodeJS.ProcessEnv });
  return stdout.trim().split('\n').slice(2).map(Number);
}

const gitStatus: Measure = {
  name: 'sandbox.git-status',
  async run(_stage, { runs, isQuick }) {
    const { place, root, close } = await openPlace(fileCount);
    const [inside, outside]: [number[], number[]] = [[], []];
    try {
      const rounds = runs ?? (isQuick ? 2 : 6);
      const command = [process.execPath, '-e', counting, '12'];
      for (let round = 0; round < rounds; round++) {
        outside.push(...(await statusTimes(bare(command, root))));
        inside.push(...(await statusTimes(await place.sandbox.wrap({ command, cwd: root }))));
      }
    } finally {
      await close();
    }
    const baseline = { name: 'the same without a sandbox, ms', samples: outside };
    const method = `git status in a copied repository of ${fileCount} files, in rounds with and without a sandbox; each sample divided by the median of the baseline`;
    const samples = inside.map((ms) => ms / median(outside));
    return [toResult({ name: 'sandbox.git-status', unit: 'ratio', samples, aim: 1.1, baseline, method })];
  },
};

export const sandbox = [start, gitStatus];
