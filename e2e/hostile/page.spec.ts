/** The content policy in a real browser: every page works under it, and what was injected does not run. */
import type { Page } from '@playwright/test';
import postgres from 'postgres';
import { expect, omnigent, test, textOf } from '../fixture.ts';
import { markOf } from './database-mark.ts';
import { pagePaths } from './surface.ts';

/** Collects violations, and what injected code would leave. */
async function arm(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const violations: string[] = [];
    Object.assign(globalThis, { violations });
    document.addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective));
  });
}

const violationsOf = (page: Page): Promise<string[]> =>
  page.evaluate(() => (globalThis as unknown as { violations: string[] }).violations.splice(0));

test('[SEC24] every page works under its policy without a violation, and injected code is blocked', async ({
  server,
  repository,
  guest,
}) => {
  const { page, faults } = await guest('Mira');
  await arm(page);
  const created = JSON.parse(await omnigent(server, 'session', 'new', '--dir', repository, '--json'));
  const paths = [...pagePaths(created.sessionId), '/no-such-page', '/sessions/ses_00000000000000000000000000'];
  for (const path of paths) {
    await page.goto(server.url + path);
    await expect(page.locator('body')).not.toBeEmpty();
    if (path.includes(created.sessionId)) await expect.poll(() => textOf(page)).not.toBe('');
    expect(await violationsOf(page), path).toEqual([]);
    await page.evaluate(inject);
    await expect.poll(() => page.evaluate(() => document.querySelectorAll('[data-injected]').length)).toBe(4);
    await expect
      .poll(() => violationsOf(page).then((seen) => new Set(seen).size), { message: path })
      .toBeGreaterThan(1);
    expect(await page.evaluate(() => 'pwned' in globalThis), path).toBe(false);
  }
  const expected = /Content Security Policy|status of 404/;
  expect(faults.filter((fault) => !expected.test(fault))).toEqual([]);
});

/** Markup with scripts, handlers, addresses and remote files, as a hole in the page would let them in. */
function inject(): void {
  const inline = document.createElement('iframe');
  inline.srcdoc = '<script>parent.pwned = 1</script>';
  const frame = document.createElement('iframe');
  frame.src = 'https://evil.example/';
  const image = document.createElement('img');
  image.setAttribute('onerror', 'globalThis.pwned = 1');
  image.src = 'https://evil.example/x.png';
  const link = document.createElement('a');
  link.href = 'javascript:void(globalThis.pwned = 1)';
  for (const element of [inline, frame, image, link]) {
    element.dataset.injected = '';
    document.body.append(element);
  }
  link.click();
}

test('[SEC5] opening every page twice changes nothing in the database', async ({ server, repository, guest }) => {
  const { page } = await guest('Mira');
  // A program that prints nothing, so that no recording grows meanwhile.
  const created = JSON.parse(await omnigent(server, 'session', 'new', '--dir', repository, '--json', '--', '/bin/cat'));
  const cookies = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
  await page.close();
  const sql = postgres({ ...(await server.database()), max: 2, onnotice: () => undefined });
  const paths = [...pagePaths(created.sessionId), '/icon.svg', '/no-such-page'];
  const crawl = async () => {
    for (const path of paths) await fetch(server.url + path, { headers: { cookie: cookies }, redirect: 'manual' });
  };
  const settled = async () => {
    const first = await markOf(sql);
    await expect.poll(async () => JSON.stringify(await markOf(sql))).toBe(JSON.stringify(first));
    return first;
  };
  await crawl();
  const before = await settled();
  for (let round = 0; round < 2; round++) await crawl();
  expect(await markOf(sql)).toEqual(before);
  await sql.end();
});
