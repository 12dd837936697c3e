import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { processesOf } from './process-scan.ts';
import { ServerProcess } from './server-process.ts';

const run = promisify(execFile);

it('a server under test is killed, comes back on its port, and leaves neither process nor folder', async () => {
  const server = await ServerProcess.start();
  try {
    const dir = join(server.folder, 'repository');
    await mkdir(dir);
    await run('git', ['-c', 'init.defaultBranch=main', 'init', '-q', dir]);
    await run('git', [
      '-C',
      dir,
      '-c',
      'user.name=A',
      '-c',
      'user.email=a@example.com',
      'commit',
      '-q',
      '--allow-empty',
      '-m',
      'first',
    ]);
    const ada = await server.signIn('Ada');
    expect(ada.name).toBe('Ada');
    const { sessionId } = await ada.api.session.create.mutate({ dir, command: ['sleep', '600'] });
    const before = await server.processes();
    expect(before.some(({ command }) => command.endsWith('sleep 600'))).toBe(true);
    const { url, pid } = server;
    await server.kill();
    await server.restart();
    expect(server.url).toBe(url);
    expect(server.pid).not.toBe(pid);
    const found = async () => (await ada.api.session.get.query({ session: sessionId })).view.id;
    await expect.poll(() => found().catch(() => 'not connected yet'), { timeout: 10_000 }).toBe(sessionId);
  } finally {
    await server.stop();
  }
  expect(await processesOf(server.folder)).toEqual([]);
  expect(existsSync(server.folder)).toBe(false);
}, 60_000);

/** A folder with every program of this machine but one. */
async function allBut(program: string): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'omnigent-path-'));
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const names = await readdir(folder).catch(() => []);
    const wanted = names.filter((name) => name !== program && !existsSync(join(path, name)));
    await Promise.all(wanted.map((name) => symlink(join(folder, name), join(path, name)).catch(() => undefined)));
  }
  return path;
}

it('[START7] where a program of the isolation is missing, the start goes on and says what to install', async () => {
  const path = await allBut('bwrap');
  const lines: string[] = [];
  const server = await ServerProcess.start({ env: { PATH: path }, onLine: (line) => lines.push(line) });
  await server.stop();
  await rm(path, { recursive: true });
  const warning = expect.stringMatching(/ warning: bubblewrap is not installed: .* Fix: apt-get install bubblewrap$/);
  expect(lines).toContainEqual(warning);
}, 60_000);
