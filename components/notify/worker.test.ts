/** public/sw.js, with tabs that answer or not. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

interface Tab {
  visibilityState: string;
  focused: boolean;
  postMessage: (message: { type: string; path?: string }, ports?: MessagePort[]) => void;
  focus: () => string;
}

async function click(tabs: Tab[], url: string): Promise<unknown> {
  const listeners = new Map<string, (event: unknown) => void>();
  const self = {
    addEventListener: (type: string, listener: (event: unknown) => void) => listeners.set(type, listener),
    clients: { matchAll: async () => tabs, openWindow: (path: string) => `opened ${path}` },
  };
  new Function('self', await readFile('public/sw.js', 'utf8'))(self);
  let work: Promise<unknown> = Promise.resolve();
  const waitUntil = (until: Promise<unknown>) => {
    work = until;
  };
  listeners.get('notificationclick')?.({ notification: { close: () => undefined, data: { url } }, waitUntil });
  return work;
}

const told: string[] = [];
const tab = (name: string, isFrozen: boolean, focused = false): Tab => ({
  ...{ visibilityState: 'hidden', focused, focus: () => `focused ${name}` },
  postMessage({ type, path }, ports) {
    if (isFrozen) return;
    if (type === 'omnigent.open') told.push(`${name} ${path}`);
    ports?.[0]?.postMessage('here');
  },
});

it('[NTF12] a click is shown by the first tab that answers, and by one alone, however many are frozen', async () => {
  const frozen = [1, 2, 3, 4].map((n) => tab(`frozen ${n}`, true, true));
  const since = performance.now();
  expect(await click([...frozen, tab('first', false), tab('second', false)], '/inbox/apr_1')).toBe('focused first');
  expect(performance.now() - since).toBeLessThan(4 * 800);
  expect(told).toEqual(['first /inbox/apr_1']);
  expect(await click(frozen, 'https://elsewhere/')).toBe('opened /inbox');
});
