/** A page as people see it: wide and on a phone, dark and light, with a picture of each in docs/screens. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, phone, wide } from './fixture.ts';
import { projectRoot } from './server-process.ts';

const folder = join(projectRoot, 'docs', 'screens');
/** Accessibility is looked at once in each width and once in each theme. */
const looks = [
  { suffix: 'wide-dark', viewport: wide, colorScheme: 'dark', isExamined: true },
  { suffix: 'wide-light', viewport: wide, colorScheme: 'light', isExamined: false },
  { suffix: 'phone-dark', viewport: phone, colorScheme: 'dark', isExamined: false },
  { suffix: 'phone-light', viewport: phone, colorScheme: 'light', isExamined: true },
] as const;

/** One picture per look of whatever the page shows now; no serious accessibility fault, nothing sideways. */
export async function show(page: Page, name: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { suffix, viewport, colorScheme, isExamined } of looks) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await settled(page);
    await page.screenshot({ path: join(folder, `${name}-${suffix}.png`), animations: 'disabled', caret: 'hide' });
    if (isExamined) expect(await seriousFaults(page), `${name}-${suffix}`).toEqual([]);
    const sideways = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(sideways, `${name}-${suffix} scrolls sideways`).toBeLessThanOrEqual(0);
  }
}

async function seriousFaults(page: Page): Promise<string[]> {
  // No page of ours holds another site's frame: one call in the page itself sees all.
  const axe = new AxeBuilder({ page })
    .exclude('.xterm')
    .setLegacyMode()
    .options({ resultTypes: ['violations'] });
  const { violations } = await axe.analyze();
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  return serious.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}

/** Fonts are there and two frames have been drawn since. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await document.fonts.ready;
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  });
}
