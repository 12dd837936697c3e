/** Processes die; what people see comes back by itself. */
import { expect, omnigent, screenOf, test, textOf, typeInto } from './fixture.ts';

interface Listed {
  sessions: { id: string; status: string; runner: { pid: number } | null }[];
}

test('[FLT1] after kill -9 of the server the page finds its shell again, with the same screen', async ({
  server,
  repository,
  guest,
}) => {
  const { sessionId, url } = JSON.parse(await omnigent(server, 'session', 'new', '--dir', repository, '--json'));
  const { page } = await guest('Mira');
  await page.goto(url);
  await page.getByRole('button', { name: /^Take over/ }).click();
  await typeInto(page, 'for i in $(seq 200); do echo line $i; done; kept=yes\n');
  await expect.poll(() => textOf(page)).toContain('line 200\n');
  await server.kill('SIGKILL');
  await expect(page.getByText(/[Rr]econnecting|Offline/).first()).toBeVisible();
  await server.restart();
  await expect(page.getByText('You drive')).toBeVisible();
  // What is typed before the link is back is refused, and said to be: a person types it again.
  await expect(async () => {
    await typeInto(page, 'echo kept: $kept\n');
    await expect.poll(() => textOf(page), { timeout: 3_000 }).toContain('\nkept: yes\n');
  }).toPass({ timeout: 30_000 });
  const { lines } = JSON.parse(await omnigent(server, 'terminal', 'screen', sessionId, '--json'));
  expect((await screenOf(page))?.lines).toEqual(lines);
});

test('[FLT2] a dead runner shows as interrupted and Resume opens a shell on the same checkout', async ({
  server,
  repository,
  guest,
}) => {
  const { sessionId, url } = JSON.parse(await omnigent(server, 'session', 'new', '--dir', repository, '--json'));
  const { page } = await guest('Mira');
  await page.goto(url);
  await page.getByRole('button', { name: /^Take over/ }).click();
  await expect(page.getByText('You drive')).toBeVisible();
  await typeInto(page, 'echo work > src/kept.txt; echo done\n');
  await expect.poll(() => textOf(page)).toContain('\ndone\n');
  const { sessions } = JSON.parse(await omnigent(server, 'ps', '--json')) as Listed;
  const pid = sessions.find(({ id }) => id === sessionId)?.runner?.pid;
  if (!pid) throw new Error('the session has no runner');
  process.kill(pid, 'SIGKILL');
  await page
    .getByRole('button', { name: /^Resume/ })
    .first()
    .click();
  await expect(page.getByRole('region', { name: 'Terminal shell 2' })).toBeVisible();
  await expect.poll(() => textOf(page, 'shell 2')).toContain('checkout');
  await typeInto(page, 'cat src/kept.txt\n', 'shell 2');
  await expect.poll(() => textOf(page, 'shell 2')).toContain('\nwork\n');
});

test('[WEB38] a terminal comes by itself when its files could not be fetched at first, and without its font', async ({
  server,
  repository,
  guest,
}) => {
  const { url } = JSON.parse(await omnigent(server, 'session', 'new', '--dir', repository, '--json'));
  const { page } = await guest('Mira');
  await page.route(/\.woff2$/, (route) => route.abort());
  let refused = 0;
  await page.route(/\/_next\/static\/chunks\/.*\.js$/, async (route) => {
    const response = await route.fetch();
    const isEmulator = (await response.text()).includes('xterm-helper-textarea');
    if (!isEmulator || refused === 5) return route.fulfill({ response });
    refused++;
    return route.abort('connectionrefused');
  });
  await page.goto(url);
  await expect.poll(() => textOf(page)).toMatch(/[#$] *$/m);
  expect(refused).toBe(5);
});
