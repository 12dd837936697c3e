/** What a page costs before it is used, and that no mouse is needed to use it. */
import { gzipSync } from 'node:zlib';
import type { Page } from '@playwright/test';
import { expect, test, textOf } from './fixture.ts';

/** Scripts that the dashboard may load, gzipped, in bytes. */
const scriptBudgetBytes = 250_000;

interface Script {
  url: string;
  bytes: number;
  isEmulator: boolean;
}

/** Every script that `page` loads from now on, as it went over the wire once gzipped. */
function watchScripts(page: Page): () => Promise<Script[]> {
  const scripts: Promise<Script>[] = [];
  page.on('response', (response) => {
    if (response.request().resourceType() !== 'script') return;
    scripts.push(
      response.body().then((body) => ({
        url: response.url(),
        bytes: gzipSync(body).length,
        isEmulator: body.includes('xterm-helper-textarea'),
      })),
    );
  });
  return () => Promise.all(scripts);
}

test('[WEB34] the dashboard loads at most 250 kB of scripts, and the emulator only beside a terminal', async ({
  guest,
  repository,
}) => {
  const { page } = await guest('Mira');
  const loaded = watchScripts(page);
  await page.reload({ waitUntil: 'networkidle' });
  await expect(page.getByText('No sessions yet')).toBeVisible();
  const first = await loaded();
  const bytes = first.reduce((sum, script) => sum + script.bytes, 0);
  test.info().annotations.push({ type: 'scripts', description: `${first.length} scripts, ${bytes} bytes gzipped` });
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThanOrEqual(scriptBudgetBytes);
  expect(first.filter((script) => script.isEmulator)).toEqual([]);
  await page.keyboard.press('n');
  await expect(page.getByLabel('Repository or folder')).toBeFocused();
  await page.keyboard.type(repository);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/sessions\/ses_/);
  await expect(page.getByText('You drive')).toBeVisible();
  expect((await loaded()).some((script) => script.isEmulator)).toBe(true);
});

test('[WEB36] [WEB8] [WEB28] a session is started, driven and left with the keyboard alone', async ({
  guest,
  repository,
}) => {
  const { page, faults } = await guest('Mira');
  await expect(page.getByText('No sessions yet')).toBeVisible();
  await page.keyboard.press('n');
  await expect(page.getByLabel('Repository or folder')).toBeFocused();
  await page.keyboard.type(repository);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/sessions\/ses_/);
  await expect(page.getByText('leave terminal')).toBeVisible();
  await page.keyboard.type('echo by""hand\n');
  await expect.poll(() => textOf(page)).toContain('\nbyhand\n');
  await page.keyboard.press('Control+Shift+L');
  await page.keyboard.press('c');
  await expect(page.getByRole('tab', { name: 'shell 2' })).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByText('leave terminal')).toBeVisible();
  await page.keyboard.type('echo also"" here\n');
  await expect.poll(() => textOf(page, 'shell 2')).toContain('\nalso here\n');
  await page.keyboard.press('Control+Shift+L');
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.keyboard.press('u');
  await page.waitForURL((url) => url.pathname === '/');
  await expect(page.getByRole('link', { name: 'payments-api' })).toBeVisible();
  await page.keyboard.press('j');
  await page.keyboard.press('Space');
  await expect(page.getByRole('region', { name: 'Peek into payments-api' })).toBeVisible();
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('combobox')).toBeFocused();
  await page.keyboard.type('payments');
  await expect(page.getByRole('option', { name: /payments-api/ }).first()).toBeVisible();
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/sessions\/ses_/);
  expect(faults).toEqual([]);
});
