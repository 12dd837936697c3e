/** timeline.*: a session of 10,000 items in a real browser: how long until it is read, and how smoothly it grows. */
import type { Page } from '@playwright/test';
import { openBrowser, openPage } from '#e2e/browser.ts';
import { askOnce } from '../agent-stage.ts';
import { type FrameTrace, traceFrames } from '../frame-trace.ts';
import { type LongSession, newestWords, openLongSession } from '../long-session.ts';
import { type Result, toResult } from '../result.ts';
import { prose } from '../seed-turn.ts';
import { type BenchOptions, type Measure, settle } from '../stage.ts';

const items = 10_000;
const place = `one session of ${items} items in a log of some 40,000 events, headless Chromium on the machine of the server`;

declare global {
  interface Window {
    timelineBench?: {
      clickedAt: number;
      paintedAt: number;
    };
  }
}

/** In the page, before anything of it runs: notes when it was clicked and when the newest item was painted. */
function watchNewest(words: string): void {
  const bench = { clickedAt: 0, paintedAt: 0 };
  window.timelineBench = bench;
  addEventListener('click', () => (bench.clickedAt = performance.now()), { capture: true });
  const observer = new MutationObserver(() => {
    const row = [...document.querySelectorAll('[data-timeline] [data-index]')].find((each) =>
      each.textContent?.includes(words),
    );
    const box = row?.getBoundingClientRect();
    if (!box || box.top > innerHeight || box.bottom < 0) return;
    observer.disconnect();
    requestAnimationFrame(() => {
      // A message is handled after the frame that it was sent in.
      const { port1, port2 } = new MessageChannel();
      port2.onmessage = () => (bench.paintedAt = performance.now());
      port1.postMessage(null);
    });
  });
  observer.observe(document, { childList: true, subtree: true, attributes: true, characterData: true });
}

/** Ms from the click, or from the navigation where there was none, to the frame with the newest item. */
async function newestPainted(page: Page): Promise<number> {
  await page.waitForFunction(() => (window.timelineBench?.paintedAt ?? 0) > 0);
  const { paintedAt = 0, clickedAt = 0 } = (await page.evaluate(() => window.timelineBench)) ?? {};
  return paintedAt - clickedAt;
}

async function openByClick(page: Page, { server, sessionId }: LongSession): Promise<number> {
  await page.goto(server.url);
  const row = page.locator(`a[href*="${sessionId}"]`).first();
  await row.waitFor();
  await settle(500);
  await page.evaluate(watchNewest, newestWords);
  await row.click();
  return newestPainted(page);
}

async function openByAddress(page: Page, { server, sessionId }: LongSession): Promise<number> {
  await page.goto(`${server.url}/sessions/${sessionId}`, { waitUntil: 'commit' });
  return newestPainted(page);
}

async function measureOpen(session: LongSession, { runs, isQuick }: BenchOptions): Promise<Result[]> {
  const browser = await openBrowser();
  try {
    const page = await openPage(browser, session.server, 'Ada');
    const fresh = await openPage(browser, session.server, 'Ada');
    await fresh.addInitScript(watchNewest, newestWords);
    const [clicks, loads]: [number[], number[]] = [[], []];
    for (let n = -2; n < (runs ?? (isQuick ? 10 : 30)); n++) {
      const [click, load] = [await openByClick(page, session), await openByAddress(fresh, session)];
      if (n < 0) continue;
      clicks.push(click);
      loads.push(load);
    }
    const end = `to the frame with its newest item; ${place}`;
    return [
      toResult({
        ...{ name: 'timeline.open', unit: 'ms', samples: clicks, aim: 500 },
        method: `from the click on the session in the open dashboard ${end}`,
      }),
      toResult({
        ...{ name: 'timeline.open.load', unit: 'ms', samples: loads, aim: 500 },
        method: `from the navigation to the session's address, scripts from the browser's cache, ${end}`,
      }),
    ];
  } finally {
    await browser.close();
  }
}

/** One answer of about 12 s: 1,000 pieces, one about every 10 ms. */
const answer = Array.from({ length: 12 }, (_, n) => prose(n)).join('\n\n');

/** Scrolls up until the page holds the whole log, then back to the end. */
async function loadWhole(page: Page): Promise<void> {
  const older = page.getByRole('button', { name: /older events|^Loading$/ });
  for (let n = 0; n < 400; n++) {
    await page.evaluate(() => document.querySelector('[data-timeline]')?.scrollTo({ top: 0 }));
    if ((await older.count()) === 0) break;
    await settle(50);
  }
  await page.getByRole('button', { name: 'Jump to latest' }).click();
  await settle(1_000);
}

async function measureFrames(session: LongSession, { runs, isQuick }: BenchOptions): Promise<Result[]> {
  const { model, ada, server, sessionId } = session;
  model.play({ rules: [{ steps: [{ text: answer, chunks: 1_000, delayMs: 10 }] }] });
  await ada.api.session.resume.mutate({ session: sessionId });
  const browser = await openBrowser();
  try {
    const page = await openPage(browser, server, 'Ada');
    const results: Result[] = [];
    for (const kind of ['opened', 'whole'] as const) {
      const all: FrameTrace = { gaps: [], work: [] };
      for (let n = 0; n < (runs ?? (isQuick ? 1 : 3)); n++) {
        await page.goto(`${server.url}/sessions/${sessionId}`);
        await page.locator('[data-timeline] [data-index]').first().waitFor();
        await settle(1_000);
        if (kind === 'whole') await loadWhole(page);
        const { gaps, work } = await traceFrames(browser, page, () => askOnce(session, sessionId, 'Explain.'));
        all.gaps.push(...gaps);
        all.work.push(...work);
      }
      results.push(...frameResults(kind, all));
    }
    return results;
  } finally {
    await browser.close();
  }
}

function frameResults(kind: 'opened' | 'whole', { gaps, work }: FrameTrace): Result[] {
  const name = kind === 'whole' ? 'timeline.stream-frame.whole' : 'timeline.stream-frame';
  const held =
    kind === 'whole' ? 'the page holds all of it, as after reading up to the beginning' : 'the page as it opens';
  const during = `while a turn of 12 s adds text about every 10 ms at the end of the timeline, ${held}; ${place}`;
  return [
    toResult({
      ...{ name, unit: 'ms', samples: work, aimMax: 50 },
      method: `CPU time of the page's main thread between two animation frames, from Chromium's trace, ${during}`,
    }),
    toResult({
      ...{ name: `${name}.gap`, unit: 'ms', samples: gaps },
      method: `time between two animation frames, whatever else the machine does, ${during}`,
    }),
  ];
}

const measure = (name: string, run: (session: LongSession, options: BenchOptions) => Promise<Result[]>): Measure => ({
  name,
  async run(stage, options) {
    const session = await openLongSession(stage, items);
    try {
      return await run(session, options);
    } finally {
      await session.close();
    }
  },
});

export const timeline: Measure[] = [
  measure('timeline.open', measureOpen),
  measure('timeline.stream-frame', measureFrames),
];
