/** The system's Chromium for measures and chaos runs, and pages of people who are signed in. */
import { type Browser, chromium, type Page } from '@playwright/test';
import type { ServerProcess } from './server-process.ts';

/** As the journeys start it: off the network and outside a sandbox that containers forbid. */
const flags = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: flags });

/** A window of its own, signed in by a one-time link as the local person `name`. */
export async function openPage(browser: Browser, server: ServerProcess, name: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark' });
  const page = await context.newPage();
  await page.goto(await server.newLink(name));
  await page.waitForURL((url) => url.pathname === '/');
  return page;
}
