/** The main job: from the printed link to a real program in a real terminal. */
import { expect, test, textOf, typeInto } from './fixture.ts';

test('[WEB1] the printed link signs in and a new session opens a shell on a copy of the repository', async ({
  browser,
  server,
  repository,
}) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(server.signInLink);
  await expect(page.getByText('No sessions yet')).toBeVisible();
  await page.keyboard.press('n');
  await page.getByLabel('Repository or folder').fill(repository);
  await page.getByRole('button', { name: /^Start/ }).click();
  await page.waitForURL(/\/sessions\/ses_/);
  await expect(page.getByRole('region', { name: 'Terminal shell 1' })).toBeVisible();
  await typeInto(page, 'git branch --show-current; ls src | wc -l\n');
  await expect.poll(() => textOf(page)).toMatch(/omnigent\/payments-api-\w{6}\n20\n/);
  await context.close();
});

test('[WEB2] a used link is refused with the way to a new one', async ({ browser, server, guest }) => {
  await guest('Mira');
  const context = await browser.newContext();
  const page = await context.newPage();
  const link = await server.newLink('Jonas');
  await page.goto(link);
  await page.waitForURL((url) => url.pathname === '/');
  await context.clearCookies();
  await page.goto('about:blank');
  await page.goto(link);
  await expect(page.getByText('omnigent url')).toBeVisible();
  await context.close();
});
