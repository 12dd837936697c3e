/** Escape sequences in a real browser: nothing but the screen changes, and the page stays responsive. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, omnigent, test, textOf } from '../fixture.ts';
import { corpus, recovery } from './escape-corpus.ts';

const maxMemoryMiB = 300;
const maxGapMs = 200;

/** Longest pauses of a page's main thread since the last look, and what the page tried to do beyond its terminal. */
async function arm(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const state = { gap: 0, at: performance.now(), tried: [] as string[] };
    Object.assign(globalThis, { hostile: state });
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      const now = performance.now();
      state.gap = Math.max(state.gap, now - state.at);
      state.at = now;
      setTimeout(() => channel.port2.postMessage(0), 5);
    };
    channel.port2.postMessage(0);
    window.open = () => {
      state.tried.push('open');
      return null;
    };
    window.alert = () => state.tried.push('alert');
    document.addEventListener('securitypolicyviolation', (event) => state.tried.push(event.violatedDirective));
  });
}

interface Look {
  gap: number;
  tried: string[];
}
const look = (page: Page): Promise<Look> =>
  page.evaluate(() => {
    const { hostile } = globalThis as unknown as { hostile: Look };
    const { gap, tried } = hostile;
    hostile.gap = 0;
    return { gap, tried };
  });

/** Process id of the page's renderer: the one of all renderers that worked for it. */
async function rendererOf(page: Page): Promise<number> {
  const browser = await page.context().browser()?.newBrowserCDPSession();
  if (!browser) throw new Error('no browser');
  const cpuTimes = async () => {
    const { processInfo } = (await browser.send('SystemInfo.getProcessInfo')) as {
      processInfo: { type: string; id: number }[];
    };
    const renderers = processInfo.filter(({ type }) => type === 'renderer');
    return Promise.all(renderers.map(async ({ id }) => ({ id, ...(await scheduleOf(id)) })));
  };
  const before = await cpuTimes();
  await page.evaluate(() => {
    for (const end = performance.now() + 300; performance.now() < end; );
  });
  const worked = (await cpuTimes()).map(({ id, ranMs }) => ({
    id,
    ms: ranMs - (before.find((one) => one.id === id)?.ranMs ?? ranMs),
  }));
  const [most] = worked.sort((a, b) => b.ms - a.ms);
  if (!most) throw new Error('no renderer');
  return most.id;
}

/** Of a process's main thread: how long it ran, and how long it could have run but others had the processors. */
async function scheduleOf(pid: number): Promise<{ ranMs: number; waitedMs: number }> {
  const [ran = 0, waited = 0] = (await readFile(`/proc/${pid}/schedstat`, 'utf8')).split(' ').map(Number);
  return { ranMs: ran / 1e6, waitedMs: waited / 1e6 };
}

/** Memory that no other process shares, in MiB. */
async function memoryOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  return [...text.matchAll(/^Private_\w+:\s+(\d+) kB/gm)].reduce((sum, [, size]) => sum + Number(size), 0) / 1024;
}

test('[SEC23] no output reaches the clipboard, the page, the network or the program’s own input', async ({
  server,
  repository,
  guest,
}) => {
  const { page, context, faults } = await guest('Mira');
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
  await arm(page);
  // Each is printed when its turn comes, so that no key has to be typed.
  const turn = 'until [ -e turn-$n ]; do sleep 0.02; done; cat escape-$n; echo shown:$n';
  const script = `for n in $(seq 0 ${Object.keys(corpus).length - 1}); do ${turn}; done; sleep 600`;
  const program = ['bash', '-c', script];
  const created = JSON.parse(await omnigent(server, 'session', 'new', '--dir', repository, '--json', '--', ...program));
  const folder: string = created.checkout;
  for (const [at, output] of Object.values(corpus).entries()) {
    await writeFile(join(folder, `escape-${at}`), output + recovery);
  }
  const sent: string[] = [];
  page.on('websocket', (socket) => {
    if (!socket.url().includes('/ws/terminal/')) return;
    socket.on('framesent', ({ payload }) => typeof payload !== 'string' && sent.push(payload.toString('latin1')));
  });
  await page.goto(created.url);
  await page.getByRole('button', { name: /^Take over/ }).click();
  await expect(page.getByText('You drive')).toBeVisible();
  await page.evaluate(() => navigator.clipboard.writeText('untouched'));
  const [url, title] = [page.url(), await page.title()];
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  const renderer = await rendererOf(page);
  await look(page);
  const slow: string[] = [];
  for (const [at, what] of Object.keys(corpus).entries()) {
    const before = await scheduleOf(renderer);
    await writeFile(join(folder, `turn-${at}`), '');
    await expect
      .poll(() => textOf(page, 'bash'), { message: what, intervals: [50], timeout: 20_000 })
      .toContain(`shown:${at}`);
    const seen = await look(page);
    const after = await scheduleOf(renderer);
    const waited = after.waitedMs - before.waitedMs;
    const own = Math.min(seen.gap - waited, after.ranMs - before.ranMs);
    if (own > maxGapMs)
      slow.push(`${what}: ${Math.round(seen.gap)} ms, ${Math.round(waited)} of them without a processor`);
    expect(seen.tried, what).toEqual([]);
  }
  expect(slow).toEqual([]);
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('untouched');
  expect(sent).toEqual([]);
  expect([page.url(), await page.title()]).toEqual([url, title]);
  expect(context.pages()).toHaveLength(1);
  expect(requests.filter((to) => !to.startsWith(server.url))).toEqual([]);
  // What it keeps, not what it has not swept yet.
  const kept = async () => {
    await page.requestGC();
    return memoryOf(renderer);
  };
  await expect.poll(kept).toBeLessThan(maxMemoryMiB);
  expect(faults).toEqual([]);
});
