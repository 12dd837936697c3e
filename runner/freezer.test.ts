/** The freezer on real processes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Freezer } from './freezer.ts';
import { readProcess } from './sandbox/index.ts';

let folder: string;
let children: ChildProcess[];
let freezer: Freezer;
let lines: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omnigent-freezer-'));
  children = [];
  lines = [];
  freezer = new Freezer((line) => lines.push(line));
});
afterEach(async () => {
  freezer.kill();
  freezer.thaw();
  for (const { pid } of children) {
    try {
      if (pid) process.kill(-pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
});

/** As agents and terminals are started: in a session of its own. */
function start(script: string): ChildProcess {
  const child = spawn('bash', ['-c', script], { cwd: folder, detached: true, stdio: 'ignore' });
  children.push(child);
  return child;
}

const sizeOf = async (name: string) => (await readFile(join(folder, name), 'utf8').catch(() => '')).length;
const written = (name: string, least = 5) =>
  expect.poll(() => sizeOf(name), { timeout: 10_000 }).toBeGreaterThanOrEqual(least);
const tick = (name: string) => `while :; do printf . >> ${name}; sleep 0.01; done`;

describe('the freezer', () => {
  it('[PAU1] a program, its children and what lost its parent stand still and go on', async () => {
    start(`(${tick('adrift')}) & exec bash -c '(${tick('child')}) & ${tick('parent')}'`);
    start(`bash -c '(${tick('orphan')}) &' ; ${tick('other')}`);
    const names = ['adrift', 'child', 'parent', 'orphan', 'other'];
    for (const name of names) await written(name);
    const since = performance.now();
    await freezer.freeze();
    expect(performance.now() - since).toBeLessThan(200);
    const before = await Promise.all(names.map(sizeOf));
    await sleep(150);
    expect(await Promise.all(names.map(sizeOf))).toEqual(before);
    freezer.thaw();
    for (const [at, name] of names.entries()) await written(name, (before[at] ?? 0) + 3);
    expect(lines).toEqual([]);
  });

  it('[PAU1] no process that forks without end escapes', async () => {
    // Each child starts the next one and ends: whoever was listed is gone a moment later.
    start(`next() { printf . >> chain; next & }; next; ${tick('parent')}`);
    start(`while :; do (printf . >> fork) & done`);
    for (const name of ['chain', 'fork', 'parent']) await written(name, 20);
    await freezer.freeze();
    const sizes = () => Promise.all(['chain', 'fork', 'parent'].map(sizeOf));
    const before = await sizes();
    await sleep(200);
    expect(await sizes()).toEqual(before);
  });

  it('[PAU1] what was stopped before, and the runner’s own tools, are left as they are', async () => {
    const stopped = start('kill -STOP $$; printf . >> stopped');
    await expect.poll(() => readProcess(stopped.pid ?? 0)?.state).toBe('T');
    const own = spawn('bash', ['-c', tick('own')], { cwd: folder, stdio: 'ignore' });
    await written('own');
    await freezer.freeze();
    await written('own', (await sizeOf('own')) + 5);
    own.kill('SIGKILL');
    freezer.thaw();
    await sleep(100);
    expect([readProcess(stopped.pid ?? 0)?.state, await sizeOf('stopped')]).toEqual(['T', 0]);
  });

  it('[PAU1] a shell finds its program running, not stopped', async () => {
    start(`set -m; (${tick('job')}) & printf 'started' > said; wait; printf 'over' >> said`);
    await written('job');
    await freezer.freeze();
    freezer.thaw();
    await written('job', (await sizeOf('job')) + 5);
    expect(await sizeOf('said')).toBe('started'.length);
  });

  it('[PAU5] what stands still can be ended, whole or from one process on, without running again', async () => {
    const first = start(`trap 'printf . >> trapped' TERM HUP EXIT; (${tick('child')}) & ${tick('first')}`);
    const second = start(tick('second'));
    for (const name of ['child', 'first', 'second']) await written(name);
    await freezer.freeze();
    const ended = once(first, 'close');
    freezer.kill(first.pid ?? null);
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect([readProcess(second.pid ?? 0)?.state, await sizeOf('trapped')]).toEqual(['T', 0]);
    const last = once(second, 'close');
    freezer.kill();
    await last;
  });

  it('[PAU1] who waits until it goes on waits over a further pause', async () => {
    await freezer.going();
    let isGoing = false;
    await freezer.freeze();
    const going = freezer.going().then(() => {
      isGoing = true;
    });
    freezer.thaw();
    void freezer.freeze();
    await sleep(20);
    expect(isGoing).toBe(false);
    freezer.thaw();
    await going;
  });
});
