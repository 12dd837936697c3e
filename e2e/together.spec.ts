/** Several people on one terminal: one screen, one driver. */
import { expect, omnigent, phone, screenOf, test, textOf, typeInto } from './fixture.ts';

async function openShell(
  server: Parameters<typeof omnigent>[0],
  repository: string,
): Promise<{ id: string; url: string }> {
  const created = JSON.parse(await omnigent(server, 'session', 'new', '--dir', repository, '--json'));
  return { id: created.sessionId, url: created.url };
}

test('[DRV1] [DRV14] two browsers and the CLI see one screen, and only the driver’s keys arrive', async ({
  server,
  repository,
  guest,
}) => {
  const { id, url } = await openShell(server, repository);
  const mira = await guest('Mira');
  const jonas = await guest('Jonas');
  await mira.page.goto(url);
  await jonas.page.goto(url);
  await mira.page.getByRole('button', { name: /^Take over/ }).click();
  await expect(mira.page.getByText('You drive')).toBeVisible();
  const bar = jonas.page.getByRole('region', { name: 'Terminal shell 1' });
  await expect(bar.getByText(/Mira\s*drives/)).toBeVisible();
  await typeInto(mira.page, 'echo from-mira\n');
  await expect.poll(() => textOf(jonas.page)).toContain('\nfrom-mira\n');
  await typeInto(jonas.page, 'x');
  await expect(jonas.page.getByText('Mira drives, key not sent')).toBeVisible();
  await jonas.page.getByRole('button', { name: /^Take over/ }).click();
  // Nothing is waited for: what is typed before the server's answer arrives as well.
  await typeInto(jonas.page, 'echo from-jonas\n');
  await expect.poll(() => textOf(mira.page)).toContain('\nfrom-jonas\n');
  expect(await textOf(mira.page)).not.toMatch(/\$ x/);
  const fromCli = JSON.parse(await omnigent(server, 'terminal', 'screen', id, '--json'));
  expect((await screenOf(mira.page))?.lines).toEqual(fromCli.lines);
  expect((await screenOf(jonas.page))?.lines).toEqual(fromCli.lines);
  expect([...mira.faults, ...jonas.faults]).toEqual([]);
});

test('[DRV2] the size follows the driver, and a phone is a place to drive from', async ({
  server,
  repository,
  guest,
}) => {
  const { url } = await openShell(server, repository);
  const mira = await guest('Mira');
  const jonas = await guest('Jonas', { viewport: phone, hasTouch: true, isMobile: true });
  await mira.page.goto(url);
  await jonas.page.goto(url);
  await mira.page.getByRole('button', { name: /^Take over/ }).click();
  await expect.poll(async () => (await screenOf(mira.page))?.cols).toBeGreaterThan(90);
  const size = (screen: Awaited<ReturnType<typeof screenOf>>) => [screen?.cols, screen?.rows];
  await expect.poll(async () => size(await screenOf(jonas.page))).toEqual(size(await screenOf(mira.page)));
  await jonas.page.getByRole('button', { name: /^Take/ }).click();
  await expect.poll(async () => (await screenOf(mira.page))?.cols).toBeLessThan(60);
  // The phone's page may still be moving: what counts is that program, phone and the other screen come to agree.
  await expect(async () => {
    await typeInto(jonas.page, 'stty size\n');
    const { cols, rows } = (await screenOf(jonas.page)) ?? { cols: 0, rows: 0 };
    await expect.poll(() => textOf(mira.page), { timeout: 3_000 }).toContain(`${rows} ${cols}`);
  }).toPass({ timeout: 20_000 });
});

test('[WEB35] ten tabs of one session are live at once: each shows new output and who is there', async ({
  server,
  repository,
  guest,
}) => {
  const { url } = await openShell(server, repository);
  const { page, context, faults } = await guest('Mira');
  const tabs = [page, ...(await Promise.all(Array.from({ length: 9 }, () => context.newPage())))];
  for (const tab of tabs) await tab.goto(url);
  const jonas = await guest('Jonas');
  await jonas.page.goto(url);
  await jonas.page.getByRole('button', { name: /^Take over/ }).click();
  await typeInto(jonas.page, 'echo every""where\n');
  for (const tab of tabs) {
    await expect.poll(() => textOf(tab)).toContain('\neverywhere\n');
    await expect(tab.getByRole('complementary').getByText('Jonas in shell 1')).toBeVisible();
    await expect(tab.getByRole('region', { name: 'Terminal shell 1' }).getByText('Jonas drives')).toBeVisible();
  }
  expect(faults).toEqual([]);
});
