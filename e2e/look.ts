/** A page as people see it: wide and on a phone, dark and light, with a picture of each in docs/screens. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, phone, wide } from './fixture.ts';
import { projectRoot } from './server-process.ts';

const folder = join(projectRoot, 'docs', 'screens');
const looks = [
  { suffix: 'wide-dark', viewport: wide, colorScheme: 'dark' },
  { suffix: 'wide-light', viewport: wide, colorScheme: 'light' },
  { suffix: 'phone-dark', viewport: phone, colorScheme: 'dark' },
  { suffix: 'phone-light', viewport: phone, colorScheme: 'light' },
] as const;

/** One picture per look of whatever the page shows now; no serious accessibility fault, nothing sideways. */
export async function show(page: Page, name: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { suffix, viewport, colorScheme } of looks) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await settled(page);
    await page.screenshot({ path: join(folder, `${name}-${suffix}.png`), animations: 'disabled', caret: 'hide' });
    // No page of ours holds another site's frame: one call in the page itself sees all.
    const axe = new AxeBuilder({ page })
      .exclude('.xterm')
      .setLegacyMode()
      .options({ resultTypes: ['violations'] });
    const { violations } = await axe.analyze();
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    expect(serious.map(({ id, nodes }) => `${name}-${suffix} ${id}: ${nodes[0]?.html}`)).toEqual([]);
    const sideways = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(sideways, `${name}-${suffix} scrolls sideways`).toBeLessThanOrEqual(0);
  }
}

/** Fonts are there and two frames have been drawn since. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await document.fonts.ready;
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  });
}
