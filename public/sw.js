/**
 * The service worker: shows what is pushed, and leads from a notification to what it is about. It fetches, caches and stores
 * nothing. Messages are those of protocol/notice.ts.
 */

/** A tab that is asked whether it can show something has to say so within this time, in ms. */
const answerMs = 800;

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('push', (event) => event.waitUntil(showPush(event.data)));
self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(openPath(event.notification.data?.url));
});

const openTabs = () => self.clients.matchAll({ type: 'window', includeUncontrolled: true });

/** A push has to show something, whatever it holds: browsers take the right to push away otherwise. */
async function showPush(data) {
  const { title, body, url, tag, isSettled } = readNotice(data);
  if (isSettled && (await openTabs()).some(({ visibilityState }) => visibilityState === 'visible')) {
    for (const shown of await self.registration.getNotifications({ tag })) shown.close();
    return;
  }
  await self.registration.showNotification(title, {
    ...{ body, tag, data: { url }, silent: isSettled },
    requireInteraction: !isSettled,
  });
}

function readNotice(data) {
  const nothing = {
    title: 'Omnigent',
    body: 'Something waits for you.',
    url: '/inbox',
    tag: 'unknown',
    isSettled: false,
  };
  try {
    return { ...nothing, ...data?.json() };
  } catch {
    // Not ours: it says that something is there, and the inbox says what.
    return nothing;
  }
}

/** In a tab that is open, without loading it anew; else in a new one. */
async function openPath(url) {
  const path = typeof url === 'string' && /^\/[a-z0-9_/]*$/.test(url) ? url : '/inbox';
  // All are asked at once: those that are frozen take no longer together than one.
  const asked = byUse(await openTabs()).map((tab) => ({ tab, answer: isThere(tab) }));
  for (const { tab, answer } of asked) {
    if (!(await answer)) continue;
    tab.postMessage({ type: 'omnigent.open', path });
    return tab.focus();
  }
  return self.clients.openWindow(path);
}

/** The one in use first. */
const byUse = (tabs) => [...tabs].sort((one, other) => rank(one) - rank(other));
const rank = ({ focused, visibilityState }) => (focused ? 0 : visibilityState === 'visible' ? 1 : 2);

/** Whether this tab can show a page; one at the sign-in page, or one that is frozen, does not answer. */
function isThere(tab) {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const timer = setTimeout(() => resolve(false), answerMs);
    port1.onmessage = () => {
      clearTimeout(timer);
      resolve(true);
    };
    tab.postMessage({ type: 'omnigent.ask' }, [port2]);
  });
}
