/** Who did what: the audit page lists, filters, opens and checks. */
import { expect, test, wide } from './fixture.ts';
import { show } from './look.ts';

test('[AUD4] [AUD6] the audit shows who did what and from where, finds it, and checks the chain', async ({
  server,
  guest,
  repository,
}) => {
  const mira = await guest('Mira');
  const jonas = await server.signIn('Jonas');
  await jonas.api.session.create.mutate({ dir: repository, name: 'auth-overhaul' });
  const { page } = mira;
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Audit' }).click();
  const records = page.getByRole('list', { name: 'Records' });
  await expect(records.getByText('Started a session on').first()).toBeVisible();
  await show(page, 'audit');
  await page.setViewportSize(wide);

  await page.keyboard.press('f');
  await page.keyboard.type('auth-overhaul');
  // Its beginning, and its checkout, whose branch has its name.
  await expect(records.getByRole('listitem')).toHaveCount(2);
  await records.getByRole('button', { name: 'Started a session on' }).click();
  await expect(records.getByText('"name": "auth-overhaul"')).toBeVisible();
  await page.keyboard.press('f');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Person: anyone' }).click();
  await page.getByRole('menuitemradio', { name: 'Mira' }).click();
  await expect(records.getByText(/^Signed in from/).first()).toBeVisible();
  await expect(records.getByText('Started a session on')).toHaveCount(0);
  await records
    .getByRole('button', { name: /^Signed in/ })
    .first()
    .click();
  await expect(records.getByText(/"from": "(::ffff:)?127\.0\.0\.1, .*Chrom/)).toBeVisible();

  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export' }).click();
  expect((await download).suggestedFilename()).toMatch(/^omnigent-audit-.*\.jsonl$/);

  await page.getByRole('button', { name: 'Check the chain' }).click();
  await expect(page.getByText(/records hold, head [0-9a-f]{12}/)).toBeVisible();
  expect(mira.faults).toEqual([]);
});
