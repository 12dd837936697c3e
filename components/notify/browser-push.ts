/** This browser's side of notifications: permission, service worker, subscription. Knows no server. */
import type { Notice } from '#protocol/notice.ts';
import type { BrowserFacts } from './notify-state.ts';

const worker = '/sw.js';

export interface BrowserSubscription {
  id: string;
  endpoint: string;
  keys: { p256dh: string; auth: string };
}

const isAble = () => 'Notification' in window && 'serviceWorker' in navigator;

export async function readBrowser(): Promise<BrowserFacts> {
  if (!isAble()) return { kind: 'unable', why: window.isSecureContext ? 'missing' : 'insecure' };
  const registration = await navigator.serviceWorker.getRegistration();
  const subscription = await registration?.pushManager?.getSubscription();
  return {
    ...{ kind: 'able', permission: Notification.permission, canPush: 'PushManager' in window },
    subscriptionId: subscription ? await idOf(subscription.endpoint) : null,
  };
}

/** The name by which the server knows an endpoint. */
async function idOf(endpoint: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(endpoint)));
  return btoa(String.fromCharCode(...hash))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

/** The worker, registered where it is not, once it works. */
async function ensureWorker(): Promise<ServiceWorkerRegistration> {
  await navigator.serviceWorker.register(worker);
  return navigator.serviceWorker.ready;
}

/** Subscribes anew with the server's key. Null where the browser has no push service, or reaches none. */
export async function subscribePush(serverKey: string): Promise<BrowserSubscription | null> {
  const { pushManager } = await ensureWorker();
  if (!pushManager) return null;
  // One that is bound to another key of the server is worth nothing, and would be in the way.
  await (await pushManager.getSubscription())?.unsubscribe();
  try {
    const made = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: serverKey });
    const { endpoint, keys: { p256dh = '', auth = '' } = {} } = made.toJSON();
    return { id: await idOf(made.endpoint), endpoint: endpoint ?? made.endpoint, keys: { p256dh, auth } };
  } catch (cause) {
    // The specification's names for: no push service, none reached.
    const isWithoutService = cause instanceof DOMException && /AbortError|NotSupportedError/.test(cause.name);
    if (isWithoutService) return null;
    throw cause;
  }
}

export async function dropSubscription(): Promise<void> {
  if (!isAble()) return;
  const registration = await navigator.serviceWorker.getRegistration();
  await (await registration?.pushManager?.getSubscription())?.unsubscribe();
}

/** Shows it from this tab; through the worker, so that a click leads where one on a push does. */
export async function showHere({ title, body, url, tag }: Notice): Promise<void> {
  const registration = await ensureWorker();
  await registration.showNotification(title, { body, tag, data: { url } });
}

/** Takes back what is shown under this tag. */
export async function closeHere(tag: string): Promise<void> {
  const registration = isAble() ? await navigator.serviceWorker.getRegistration() : undefined;
  for (const shown of (await registration?.getNotifications({ tag })) ?? []) shown.close();
}

/** Fired on `window` when the page that is open already is to be shown as it was opened. */
const openedAgain = 'omnigent:opened-again';

/** Calls back with a path of ours that a click on a notification asks this tab to show; returns how to stop. */
export function onOpenPath(open: (path: string) => void): () => void {
  if (!isAble()) return () => undefined;
  const receive = ({ data, ports }: MessageEvent<unknown>) => {
    const { type, path } = (data ?? {}) as { type?: unknown; path?: unknown };
    if (type !== 'omnigent.ask' && type !== 'omnigent.open') return;
    ports[0]?.postMessage('here');
    if (type === 'omnigent.open' && typeof path === 'string') open(path);
  };
  navigator.serviceWorker.addEventListener('message', receive);
  navigator.serviceWorker.startMessages();
  return () => navigator.serviceWorker.removeEventListener('message', receive);
}

/** Shows the page that is open as it was when it was opened. */
export const openAgain = (): boolean => window.dispatchEvent(new Event(openedAgain));

export function onOpenAgain(show: () => void): () => void {
  window.addEventListener(openedAgain, show);
  return () => window.removeEventListener(openedAgain, show);
}
