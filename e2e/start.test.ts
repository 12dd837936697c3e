/** Starting and stopping a server as scripts see it: its one line, its file, its exit codes. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeRepository } from './cli/command.ts';
import { ServerProcess } from './server-process.ts';

const timeout = 120_000;
let server: ServerProcess;
beforeAll(async () => {
  server = await ServerProcess.start();
}, timeout);
afterAll(() => server.stop(), timeout);

it('[START8] a taken port ends a start with exit 4, a home in use with exit 5 and the pid of its server', {
  timeout,
}, async () => {
  const { port } = new URL(server.url);
  await expect(ServerProcess.start({ env: { PORT: port } })).rejects.toThrow(
    new RegExp(`exited 4 .*omnigent: port ${port} is taken; set PORT`, 's'),
  );
  await expect(ServerProcess.start({ env: { OMNIGENT_HOME: server.home } })).rejects.toThrow(
    new RegExp(`exited 5 .*omnigent: .*\\b${server.pid}\\b`, 's'),
  );
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
});

it('[START9] one line is printed when requests are answered; the data directory says where, until SIGTERM ends it with 0', {
  timeout,
}, async () => {
  expect(server.printed).toEqual([expect.stringMatching(new RegExp(`^ready ${server.url}/sign-in#t=[\\w-]+$`))]);
  const ready = await fetch(`${server.url}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([200, { database: true, migrations: true }]);
  expect(await server.state()).toEqual({
    ...{ pid: server.pid, url: server.url, version: expect.stringMatching(/^\d+\.\d+\.\d+$/) },
    ...{ startedAt: expect.stringMatching(/^\d{4}-.*Z$/) },
    postgres: { pid: expect.any(Number), port: expect.any(Number) },
  });
  const ada = await server.signIn('Ada');
  const dir = await makeRepository(join(server.folder, 'person', 'example'));
  await ada.api.session.create.mutate({ dir, command: ['sleep', '600'] });
  const since = performance.now();
  await server.kill('SIGTERM');
  expect(performance.now() - since).toBeLessThan(10_000);
  expect(existsSync(join(server.home, 'server.json'))).toBe(false);
  const left = await server.processes();
  expect(left.some(({ command }) => command.endsWith('sleep 600'))).toBe(true);
  expect(left.filter(({ command }) => command.includes('postgres'))).toEqual([]);
});
