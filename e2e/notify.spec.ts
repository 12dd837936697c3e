/**
 * Notifications: turned on in the settings, pushed when an agent waits, shown by the service worker, and leading to the card.
 * Chromium reaches no push service here: a stand-in subscribes, receives what the server sends, and opens it; the browser gets
 * what was in it as its own push service would hand it over.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContext, CDPSession, Page, Worker } from '@playwright/test';
import { prepareHome } from '#db/testing-home.ts';
import type { PushTarget } from '#protocol/push.ts';
import { TestPushService } from '#server/notify/testing-push-service.ts';
import { test as base, expect, type Guest, phone, wide } from './fixture.ts';
import { show } from './look.ts';
import { ModelServer } from './model/server.ts';
import { ServerProcess } from './server-process.ts';

const rules = `version: "2026.1"
workspace: { name: sample }
policies: {}
`;

const test = base.extend<{ model: ModelServer; service: TestPushService }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixture's needs from this pattern
  model: async ({}, use) => {
    const model = await ModelServer.start(0);
    await use(model);
    await model.close();
  },
  // biome-ignore lint/correctness/noEmptyPattern: as above
  service: async ({}, use) => {
    const service = await TestPushService.start();
    await use(service);
    await service.close();
  },
  server: async ({ model }, use) => {
    const env = { ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: 'sk-model', OMNIGENT_PUSH_ALLOW_LOOPBACK: '1' };
    const server = await ServerProcess.start({ env, onHome: prepareHome });
    await use(server);
    await server.stop();
  },
});

/** Chromium's own way to a push service replaced by `target`: all else of the page is as it is. */
async function withPushService(context: BrowserContext, target: PushTarget): Promise<void> {
  await context.addInitScript((given) => {
    const key = 'test.subscription';
    const subscription = {
      endpoint: given.endpoint,
      toJSON: () => given,
      unsubscribe: async () => {
        localStorage.removeItem(key);
        return true;
      },
    };
    const own = {
      subscribe: { value: async () => localStorage.setItem(key, '1') ?? subscription },
      getSubscription: { value: async () => (localStorage.getItem(key) ? subscription : null) },
    };
    Object.defineProperties(PushManager.prototype, own);
  }, target);
}

/** An agent of `name` that wants to run `command`. */
async function askFor(
  { model, server, repository }: { model: ModelServer; server: ServerProcess; repository: string },
  commands: readonly string[],
) {
  model.play({
    rules: commands
      .flatMap((command, n) => [
        { match: { contains: `step-${n};`, hasToolResult: true }, steps: [{ text: `Step ${n} is over.` }] },
        { match: { contains: `step-${n};`, hasToolResult: false }, steps: [{ shell: command }] },
      ])
      .reverse(),
  });
  const workspace = join(repository, 'omnigent.yaml');
  await writeFile(workspace, rules);
  const { api } = await server.signIn('Mira');
  const { sessionId } = await api.session.create.mutate({ workspace, harness: 'acp:example', name: 'auth-overhaul' });
  return { api, send: (n: number) => api.turn.send.mutate({ session: sessionId, prompt: `Do step-${n};` }) };
}

/** The service worker of a page, and the way to hand pushes to it. */
async function workerOf({ context, page }: Guest, origin: string) {
  const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker'));
  const session: CDPSession = await context.newCDPSession(page);
  const registrations: string[] = [];
  session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations: found }) => {
    for (const { registrationId } of found) registrations.push(registrationId);
  });
  await session.send('ServiceWorker.enable');
  await expect.poll(() => registrations.length).toBeGreaterThan(0);
  await worker.evaluate(keepShown);
  const deliver = (data: string) =>
    session.send('ServiceWorker.deliverPushMessage', { origin, registrationId: registrations.at(-1) ?? '', data });
  /** Delivers it and waits until it is shown. */
  const push = async (data: string) => {
    const before = (await shownIn(worker)).length;
    await deliver(data);
    await expect.poll(() => shownIn(worker)).toHaveLength(before + 1);
  };
  return { worker, deliver, push };
}

interface Shown {
  title: string;
  body: string;
  tag: string;
  silent: boolean | null;
}

/**
 * Run in a window or worker, it keeps what is shown from there, once it is: Chromium without a desktop forgets a notification
 * that is asked for while it appears.
 */
function keepShown(): void {
  const { prototype } = ServiceWorkerRegistration;
  const showNotification = prototype.showNotification;
  const shown: Shown[] = [];
  Object.assign(self, { shown });
  prototype.showNotification = async function (title, options = {}) {
    await showNotification.call(this, title, options);
    const { body = '', tag = '', silent = null } = options;
    shown.push({ title, body, tag, silent });
  };
}

/** Everything that was shown from there. */
const shownIn = (place: Worker | Page): Promise<Shown[]> =>
  (place as Worker).evaluate(() => (self as unknown as { shown: Shown[] }).shown);

/** How many are to be seen now. */
const openIn = (worker: Worker): Promise<number> =>
  worker.evaluate(async () => (await (self as unknown as ServiceWorkerGlobal).registration.getNotifications()).length);

interface ServiceWorkerGlobal {
  registration: ServiceWorkerRegistration;
  NotificationEvent: new (type: string, init: { notification: Notification }) => Event;
  dispatchEvent(event: Event): boolean;
}

/** The click of a person on the notification of `tag`, to its end; only a real one may also raise the window. */
async function click(worker: Worker, tag: string): Promise<void> {
  await worker.evaluate(async (wanted) => {
    const global = self as unknown as ServiceWorkerGlobal;
    const [notification] = await global.registration.getNotifications({ tag: wanted });
    if (!notification) throw new Error('nothing is shown');
    const event = new global.NotificationEvent('notificationclick', { notification });
    let done: Promise<unknown> = Promise.resolve();
    Object.defineProperty(event, 'waitUntil', {
      value: (work: Promise<unknown>) => {
        done = work;
      },
    });
    global.dispatchEvent(event);
    await done.catch((cause: unknown) => {
      if (!(cause instanceof DOMException && cause.name === 'InvalidAccessError')) throw cause;
    });
  }, tag);
  await expect.poll(() => openIn(worker)).toBe(0);
}

/** The card at `url` is shown; the next key shows the other one, and the address stays. */
async function seesThenLeaves(page: Page, url: string, [shown, other]: [string, string]): Promise<void> {
  const words = page.getByRole('region', { name: 'Exact words' });
  await expect(page).toHaveURL(url);
  await expect(words.getByText(shown)).toBeVisible();
  await page.keyboard.press('j');
  await expect(words.getByText(other)).toBeVisible();
}

const thisBrowser = (page: Page) => page.getByRole('listitem').filter({ hasText: 'This browser' });

test('[NTF1] [NTF11] [NTF12] a push is shown by the service worker, and a click on it leads to the card', async ({
  model,
  server,
  service,
  guest,
  repository,
}) => {
  test.setTimeout(150_000);
  const mira = await guest('Mira', { permissions: ['notifications'] });
  const { page, context } = mira;
  const phoneTarget = service.subscribe();
  await withPushService(context, phoneTarget);
  await page.goto(`${server.url}/inbox`);
  await expect(page.getByText('This browser can tell you what waits.')).toBeVisible();
  await show(page, 'inbox-hint');
  await page.setViewportSize(wide);
  await page.goto(`${server.url}/settings`);
  const row = thisBrowser(page);
  await expect(row.getByText('Off', { exact: true })).toBeVisible();
  await row.getByRole('button', { name: 'Turn on' }).click();
  await expect(row.getByText('On, also while no tab is open')).toBeVisible();
  const { worker, deliver, push } = await workerOf(mira, server.url);
  await row.getByRole('button', { name: 'Send a test' }).click();
  await expect(row.getByText('Sent: it appears in a moment.')).toBeVisible();
  await expect.poll(() => service.titles(phoneTarget)).toEqual(['Notifications work']);
  await show(page, 'settings-notifications');
  await page.setViewportSize(wide);

  const { api, send } = await askFor({ model, server, repository }, [
    'touch one.txt',
    'touch two.txt',
    'touch three.txt',
  ]);
  await send(0);
  await expect.poll(() => service.titles(phoneTarget)).toHaveLength(2);
  const asked = service.of(phoneTarget)[1];
  expect(asked).toMatchObject({ fault: null, notice: { title: 'Approve in auth-overhaul?', isSettled: false } });
  const tag = asked?.notice?.tag ?? '';
  await push(JSON.stringify(asked?.notice));
  const shown = { tag, title: 'Approve in auth-overhaul?', body: expect.stringMatching(/^example: touch one.txt$/) };
  expect(await shownIn(worker)).toMatchObject([shown]);

  await click(worker, tag);
  await expect(page).toHaveURL(`${server.url}/inbox/${tag}`);
  await expect(page.getByRole('region', { name: 'Exact words' }).getByText('one.txt')).toBeVisible();
  await show(page, 'inbox-from-notification');
  await page.setViewportSize(wide);

  await push(JSON.stringify(asked?.notice));
  await page.keyboard.press('a');
  await expect(page.getByText('Mira has approved it.')).toBeVisible();
  await expect.poll(() => service.titles(phoneTarget).at(-1)).toBe('Approved by Mira');
  await deliver(JSON.stringify(service.of(phoneTarget).at(-1)?.notice));
  await expect.poll(() => openIn(worker)).toBe(0);

  // While another card is looked at, whether its address is the one that is open or not.
  await send(1);
  await expect.poll(() => service.titles(phoneTarget)).toHaveLength(4);
  const next = service.of(phoneTarget).at(-1)?.notice;
  const opened = `${server.url}/inbox/${next?.tag}`;
  for (const _ of ['elsewhere', 'moved away']) {
    await push(JSON.stringify(next));
    await click(worker, next?.tag ?? '');
    await seesThenLeaves(page, opened, ['two.txt', 'one.txt']);
  }
  await api.approval.decide.mutate({ id: next?.tag ?? '', decision: 'approved' });
  await expect.poll(() => service.titles(phoneTarget)).toHaveLength(5);

  await page.goto(`${server.url}/settings`);
  await row.getByRole('button', { name: 'Turn off' }).click();
  await expect(row.getByText('Off', { exact: true })).toBeVisible();
  await send(2);
  await expect.poll(async () => (await api.approval.list.query({ decided: 0 })).pending).toHaveLength(1);
  expect(service.titles(phoneTarget)).toHaveLength(5);
  expect(await api.notify.list.query()).toEqual([]);
  expect(mira.faults).toEqual([]);
});

test('[NTF10] [NTF11] what is no message of ours leads to the inbox, and signing out ends it in this browser', async ({
  server,
  guest,
  service,
}) => {
  const mira = await guest('Mira', { permissions: ['notifications'] });
  const { page, context } = mira;
  await withPushService(context, service.subscribe());
  await page.goto(`${server.url}/settings`);
  await thisBrowser(page).getByRole('button', { name: 'Turn on' }).click();
  await expect(thisBrowser(page).getByText('On, also')).toBeVisible();
  const { worker, push } = await workerOf(mira, server.url);
  await push('<html>');
  await push(JSON.stringify({ title: 'x', body: 'y', url: 'https://evil.example/', tag: 'unknown', isSettled: false }));
  expect(await shownIn(worker)).toMatchObject([{ title: 'Omnigent', tag: 'unknown' }, { title: 'x' }]);
  await click(worker, 'unknown');
  await expect(page).toHaveURL(`${server.url}/inbox`);
  await page.goto('about:blank');
  await push(JSON.stringify({ title: 'Approved by Mira', body: 'y', url: '/inbox', tag: 'z', isSettled: true }));
  expect((await shownIn(worker)).at(-1)).toMatchObject({ title: 'Approved by Mira', silent: true });
  await page.goto(server.url);
  await page.getByRole('button', { name: /^Account/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page).toHaveURL(`${server.url}/sign-in`);
  const kept = ['test.subscription', 'omnigent.notify'];
  expect(await page.evaluate((keys) => keys.map((key) => localStorage.getItem(key)), kept)).toEqual([null, 'none']);
});

test('[NTF13] where no push service is reached an open tab tells, while nobody looks at it', async ({
  model,
  server,
  guest,
  repository,
}) => {
  test.setTimeout(120_000);
  const mira = await guest('Mira', { permissions: ['notifications'] });
  const { page, context } = mira;
  await context.addInitScript(keepShown);
  await page.goto(`${server.url}/inbox`);
  await page.getByRole('region', { name: 'Notifications' }).getByRole('button', { name: 'Turn on' }).click();
  await expect(page.getByText('This browser can tell you')).toBeHidden();
  await page.goto(`${server.url}/settings`);
  await expect(thisBrowser(page).getByText('On while a tab of Omnigent is open')).toBeVisible();
  await show(page, 'settings-notifications-tab');
  await page.setViewportSize(phone);
  const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker'));
  const { api, send } = await askFor({ model, server, repository }, ['touch one.txt', 'touch two.txt']);
  await send(0);
  await expect.poll(async () => (await api.approval.list.query({ decided: 0 })).pending).toHaveLength(1);
  const [first] = (await api.approval.list.query({ decided: 0 })).pending;
  await api.approval.decide.mutate({ id: first?.id ?? '', decision: 'approved' });
  await expect.poll(async () => (await api.approval.list.query({ decided: 0 })).pending).toEqual([]);

  await page.evaluate(() => Object.defineProperty(document, 'hidden', { get: () => true }));
  await send(1);
  await expect.poll(() => shownIn(page)).toMatchObject([{ body: 'example: touch two.txt' }]);
  const [second] = (await api.approval.list.query({ decided: 0 })).pending;
  await api.approval.decide.mutate({ id: second?.id ?? '', decision: 'denied', note: 'no' });
  await expect.poll(() => openIn(worker)).toBe(0);
  // Chromium says so itself; a private window is one that reaches none.
  expect(mira.faults.filter((line) => !line.includes('does not support the Push API'))).toEqual([]);
});

test('[NTF10] a browser that blocks notifications says so, and the inbox hints at nothing', async ({
  server,
  guest,
}) => {
  const { page, context } = await guest('Mira');
  await context.addInitScript(() => Object.defineProperty(Notification, 'permission', { get: () => 'denied' }));
  await page.goto(`${server.url}/settings`);
  await expect(thisBrowser(page).getByText('Blocked in the browser')).toBeVisible();
  await page.goto(`${server.url}/inbox`);
  await expect(page.getByText('Nothing waits for you.')).toBeVisible();
  await expect(page.getByText('This browser can tell you')).toBeHidden();
});
