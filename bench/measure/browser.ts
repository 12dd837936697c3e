/** terminal.echo-browser: what a person waits for between a key and its echo, in a real browser. */
import type { Page } from '@playwright/test';
import { openBrowser, openPage } from '#e2e/browser.ts';
import { toResult } from '../result.ts';
import { type Measure, settle } from '../stage.ts';

const echoProgram = ['/bin/sh', '-c', 'stty raw -echo; printf ready; exec cat'];
const warmUp = 20;
/** Between keys: long enough for everything to fall idle, ms. */
const keyPauseMs = 60;

declare global {
  interface Window {
    /** When keys went down, and when the emulator had drawn up to an offset; ms of this page's clock. */
    bench?: { keys: number[]; drawn: { at: number; offset: number }[] };
  }
}

const watchKeys = (page: Page) =>
  page.evaluate(() => {
    window.bench = { keys: [], drawn: [] };
    addEventListener('keydown', () => window.bench?.keys.push(performance.now()), { capture: true });
  });

/** The web app marks each finished write of its emulator. */
const watchDrawn = (page: Page) =>
  page.evaluate(() => {
    window.bench = { keys: [], drawn: [] };
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        if (entry.name !== 'terminal.drawn') continue;
        const { offset } = (entry as PerformanceMark).detail as { offset: number };
        window.bench?.drawn.push({ at: entry.startTime, offset });
      }
    }).observe({ type: 'mark', buffered: false });
  });

/** What to add to the page's clock to get this process's, from the quickest of many questions; ms. */
async function clockOffset(page: Page): Promise<{ ms: number; uncertaintyMs: number }> {
  let best = { ms: 0, uncertaintyMs: Number.POSITIVE_INFINITY };
  for (let n = 0; n < 100; n++) {
    const before = performance.now();
    const there = await page.evaluate(() => performance.now());
    const after = performance.now();
    if (after - before < 2 * best.uncertaintyMs)
      best = { ms: (before + after) / 2 - there, uncertaintyMs: (after - before) / 2 };
  }
  return best;
}

const terminalOf = (page: Page) => page.locator('section[aria-label^="Terminal "] textarea').first();

export const echoBrowser: Measure = {
  name: 'terminal.echo-browser',
  async run(stage, { runs, isQuick }) {
    const server = await stage.server();
    const session = await stage.session(echoProgram);
    const n = runs ?? (isQuick ? 50 : 200);
    const browser = await openBrowser();
    try {
      const [typing, watching] = [await openPage(browser, server, 'Ada'), await openPage(browser, server, 'Ben')];
      for (const page of [typing, watching]) {
        await page.goto(`${server.url}/sessions/${session.sessionId}`);
        await terminalOf(page).waitFor({ state: 'attached' });
      }
      await settle(2_000);
      await terminalOf(typing).focus();
      await watchKeys(typing);
      await watchDrawn(watching);
      const samples: number[] = [];
      const [a, b] = [await clockOffset(typing), await clockOffset(watching)];
      for (let i = 0; i < n + warmUp; i++) {
        await typing.keyboard.press('abcdefghij'[i % 10] ?? 'a');
        await settle(keyPauseMs);
      }
      await settle(500);
      const keys = (await typing.evaluate(() => window.bench?.keys)) ?? [];
      const drawn = (await watching.evaluate(() => window.bench?.drawn)) ?? [];
      const last = drawn.at(-1)?.offset ?? 0;
      for (const [i, key] of keys.entries()) {
        // Each key is one byte of output, so the key's echo ends at a known offset.
        const offset = last - (keys.length - 1 - i);
        const echo = drawn.find((mark) => mark.offset >= offset);
        if (i >= warmUp && echo) samples.push(echo.at + b.ms - (key + a.ms));
      }
      return [
        toResult({
          ...{ name: 'terminal.echo-browser', unit: 'ms', samples, aim: 10, aimP95: 25 },
          method:
            'keydown in page A to the write callback of xterm.js in page B, two windows of one headless Chromium on the machine ' +
            `of the server, a program that echoes at once; the clocks of the pages agree within ${(a.uncertaintyMs + b.uncertaintyMs).toFixed(1)} ms`,
        }),
      ];
    } finally {
      await browser.close();
      await stage.end(session);
    }
  },
};
