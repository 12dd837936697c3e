/** A thousand questions at once: the inbox opens, moves and stays live. */
import { spawn } from 'node:child_process';
import { test as base, expect } from './fixture.ts';
import { seedQuestions, startTicksOf } from './question-seed.ts';
import { ServerProcess } from './server-process.ts';

const test = base.extend<object>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixture's needs from this pattern
  server: async ({}, use) => {
    const child = spawn('sleep', ['600']);
    try {
      const runner = { pid: child.pid ?? 0, startTicks: await startTicksOf(child.pid ?? 0) };
      const onHome = (home: string) => seedQuestions(home, runner, { sessions: 20, each: 50 });
      const server = await ServerProcess.start({ onHome });
      await use(server);
      await server.stop();
    } finally {
      child.kill('SIGKILL');
    }
  },
});

test('[WEB56] [WEB50] of a thousand questions only the rows near the window are drawn, and a decision takes one away', async ({
  server,
  browser,
}, info) => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.goto(await server.newLink('Mira'));
  const nav = page.getByRole('navigation', { name: 'Main' });
  await expect(nav.getByRole('link', { name: 'Inbox 1000 waiting' })).toBeVisible();
  const lists: string[] = [];
  page.on('websocket', (socket) =>
    socket.on('framesent', ({ payload }) => {
      if (String(payload).includes('approval.list')) lists.push(String(payload));
    }),
  );
  await nav.getByRole('link', { name: /^Inbox/ }).click();
  await expect(page.getByText('1,000 questions')).toBeVisible();
  const rows = page.getByRole('list', { name: 'Waiting' }).getByRole('listitem');
  expect(await rows.count()).toBeLessThan(40);
  for (let n = 0; n < 60; n++) await page.keyboard.press('j');
  await expect(page.locator('[aria-current=true]')).toBeInViewport();
  expect(await rows.count()).toBeLessThan(40);
  const frames = await page.evaluate(async () => {
    const scroller = document.querySelector('ul[aria-label=Waiting]')?.parentElement;
    const times: number[] = [];
    let last = performance.now();
    for (let n = 0; n < 120; n++) {
      scroller?.scrollBy(0, 300);
      await new Promise(requestAnimationFrame);
      times.push(performance.now() - last);
      last = performance.now();
    }
    return times.sort((a, b) => a - b);
  });
  info.annotations.push({ type: 'frame ms', description: `median ${frames[60]}, p95 ${frames[114]}` });
  await page.keyboard.press('a');
  await expect(page.getByText('999 questions')).toBeVisible();
  // Read whole when it opens, and once more where changes began to be heard only then; never for a decision.
  expect(lists.filter((sent) => !/"session":"ses_/.test(sent)).length).toBeLessThanOrEqual(2);
  await context.close();
});
