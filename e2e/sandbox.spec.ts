/** What people see of a session's sandbox, and of a session without one. */
import { expect, omnigent, test, textOf, typeInto } from './fixture.ts';

test('[SBX13] the rail tells what programs see and what they may not change; a shell finds it so', async ({
  server,
  repository,
  guest,
}) => {
  const { page } = await guest('Mira');
  const held = JSON.parse(await omnigent(server, 'session', 'new', '--dir', repository, '--name', 'held', '--json'));
  await page.goto(held.url);
  const rail = page.getByRole('heading', { name: 'Sandbox' }).locator('xpath=ancestor::section[1]');
  await expect(rail).toContainText('bubblewrap');
  await expect(rail).toContainText(/\d+ probes held/);
  await rail.getByText(/^Cannot change/).click();
  await expect(rail.getByRole('list', { name: 'Cannot change' })).toContainText('checkout/.git/config');
  await expect(page.getByText('No sandbox')).toHaveCount(0);
  await page.getByRole('button', { name: /^Take over/ }).click();
  await typeInto(page, 'whoami; ls /home /root; echo x >>.git/config; hostname\n');
  await expect.poll(() => textOf(page)).toMatch(/agent\n[\s\S]*Read-only file system[\s\S]*\nsandbox\n/);
});

test('[SBX13] a session without a sandbox is marked where it is looked at', async ({ server, repository, guest }) => {
  const { page } = await guest('Mira');
  const args = ['session', 'new', '--dir', repository, '--name', 'bare', '--sandbox', 'none', '--json'];
  const bare = JSON.parse(await omnigent(server, ...args));
  await page.goto(bare.url);
  await expect(page.getByText('No sandbox')).toBeVisible();
  await expect(page.getByText('Every action waits for a person')).toBeVisible();
});
