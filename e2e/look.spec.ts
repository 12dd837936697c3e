/** Every screen, wide and on a phone, dark and light: a picture for people to look at, no serious accessibility fault, nothing sideways. */
import { join } from 'node:path';
import { expect, type Guest, makeRepository, omnigent, test, textOf, typeInto, wide } from './fixture.ts';
import { show } from './look.ts';
import type { ServerProcess } from './server-process.ts';

interface New {
  sessionId: string;
  url: string;
}

const start = async (server: ServerProcess, ...args: string[]): Promise<New> =>
  JSON.parse(await omnigent(server, 'session', 'new', '--json', ...args)) as New;

async function furnish(server: ServerProcess): Promise<Record<'auth' | 'stopped', New>> {
  const person = join(server.folder, 'person');
  const [payments, catalog, edge] = await Promise.all(
    ['payments-api', 'catalog', 'edge-gateway'].map((name) => makeRepository(join(person, name))),
  );
  const auth = await start(server, '--dir', payments ?? '', '--name', 'auth-service-overhaul');
  await start(server, '--dir', edge ?? '', '--name', 'rate-limiter-sliding-window', '--', 'top');
  await start(server, '--dir', catalog ?? '', '--name', 'flaky-checkout-e2e');
  const stopped = await start(server, '--dir', catalog ?? '', '--name', 'search-index-latency');
  const done = await start(server, '--dir', payments ?? '', '--name', 'remove-moment-js');
  await omnigent(server, 'session', 'end', done.sessionId);
  const { sessions } = JSON.parse(await omnigent(server, 'ps', '--json')) as {
    sessions: { id: string; runner: { pid: number } | null }[];
  };
  const pid = sessions.find(({ id }) => id === stopped.sessionId)?.runner?.pid;
  if (pid) process.kill(pid, 'SIGKILL');
  return { auth, stopped };
}

/** What the driver types, a line each; the first hides where the test keeps its files. */
const commands = [
  String.raw`PS1='\[\e[36m\]payments-api\[\e[0m\] \$ '; export GIT_PAGER=cat; clear`,
  'ls --color=always src',
  "sed -i 's/= [0-9]*/&_000/' src/file-1[0-4].ts",
  'git diff --color --stat',
  'git diff --color src/file-12.ts',
];

test('[WEB4] the screens, each in four looks', async ({ server, guest }) => {
  test.setTimeout(240_000);
  const { auth, stopped } = await furnish(server);
  const mira: Guest = await guest('Mira');
  const jonas: Guest = await guest('Jonas');
  const { page } = mira;
  await jonas.page.goto(auth.url);
  await page.goto(auth.url);
  await page.getByRole('button', { name: /^Take over/ }).click();
  for (const command of commands) await typeInto(page, `${command}\n`);
  await expect.poll(() => textOf(page)).toContain('+export const n = 12_000;');
  await page.mouse.move(0, 0);
  await show(page, 'session');
  await page.setViewportSize(wide);
  await page.goto(stopped.url);
  await expect(page.getByText('Interrupted').first()).toBeVisible();
  await show(page, 'interrupted');
  await page.goto(server.url);
  await expect(page.getByRole('link', { name: 'search-index-latency' })).toBeVisible();
  await show(page, 'dashboard');
  await page.setViewportSize(wide);
  await page.keyboard.press('n');
  await page.getByLabel('Repository or folder').fill('/nowhere');
  await page.getByRole('button', { name: /^Start/ }).click();
  await expect(page.getByText(/no such folder/i)).toBeVisible();
  await show(page, 'new-session');
  await page.goto(`${server.url}/settings`);
  await expect(page.getByText('No key', { exact: true })).toHaveCount(2);
  await show(page, 'settings');
  await page.goto(`${server.url}/sessions/ses_00000000000000000000000000`);
  await expect(page.getByText(/[Nn]o such session|Nothing is here/).first()).toBeVisible();
  await show(page, 'not-found');
  await page.goto(`${server.url}/sign-in#t=lnk_used-or-expired-link-used-or-expired-link-00`);
  await expect(page.getByText('omnigent url')).toBeVisible();
  await show(page, 'sign-in-expired');
  await page.goto(server.url);
  await server.kill('SIGKILL');
  await expect(page.getByText(/Offline/).first()).toBeVisible();
  await show(page, 'offline');
});
