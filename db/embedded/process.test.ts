/** What is known of a process by its pid, by both ways of asking. */
import { spawn } from 'node:child_process';
import { expect, it } from 'vitest';
import { inspectByPs, inspectProcess, isRunning } from './process.ts';

it('a running process has its arguments, a dead one is nobody, by /proc and by ps', async () => {
  const child = spawn('sleep', ['60']);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  for (const inspect of [inspectProcess, inspectByPs]) {
    await expect.poll(() => inspect(child.pid ?? 0)).toEqual({ isZombie: false, argv: ['sleep', '60'] });
  }
  child.kill('SIGKILL');
  await ended;
  for (const inspect of [inspectProcess, inspectByPs]) expect(await inspect(child.pid ?? 0)).toBeNull();
});

it('a zombie does not run', async () => {
  // The shell becomes sleep, which never waits for the child that the shell had.
  const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const pid = await new Promise<number>((resolve) =>
    parent.stdout.once('data', (data: Buffer) => resolve(Number(data))),
  );
  await expect.poll(() => inspectProcess(pid)).toMatchObject({ isZombie: true });
  expect(await inspectByPs(pid)).toMatchObject({ isZombie: true });
  expect(await isRunning(pid)).toBe(false);
  expect(process.kill(pid, 0)).toBe(true);
  parent.kill('SIGKILL');
});
