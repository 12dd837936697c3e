import { expect, it } from 'vitest';
import { ConnectionStore } from './connection.ts';

it('[WEB9] keeps the time of the loss while retries fail, and forgets it once live', () => {
  const store = new ConnectionStore(1);
  let told = 0;
  const stop = store.subscribe(() => told++);
  store.apply({ type: 'opened', now: 2 });
  store.apply({ type: 'measured', latencyMs: 14 });
  expect(store.read()).toEqual({ kind: 'live', since: 2, latencyMs: 14 });
  store.apply({ type: 'closed', now: 10 });
  store.apply({ type: 'closed', now: 20 });
  store.apply({ type: 'measured', latencyMs: 9 });
  expect(store.read()).toEqual({ kind: 'offline', since: 10 });
  store.apply({ type: 'opened', now: 30 });
  expect(store.read()).toEqual({ kind: 'live', since: 30, latencyMs: null });
  stop();
  store.apply({ type: 'closed', now: 40 });
  expect(told).toBe(6);
});
