/** Facts about connections that are over. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { parsePayload } from '#protocol/event.ts';
import { newId } from '#protocol/id.ts';
import { Tally, unnamed } from './tally.ts';

const ids = { now: () => 1_000, random: (bytes: Uint8Array) => void crypto.getRandomValues(bytes) };
const turnId = newId('turn', ids);
const coder = { agent: 'coder', turnId };
const shell = { agent: 'shell', turnId: null };

let stated: unknown[];
let tally: Tally;

beforeEach(() => {
  vi.useFakeTimers();
  stated = [];
  tally = new Tally((payload) => stated.push(parsePayload('egress.counted', payload).payload));
});
afterEach(() => {
  tally.close();
  vi.useRealTimers();
});

it('[EGR14] what a turn connected to is one fact when it is over, by host and port; what is of no turn is stated once a minute', () => {
  for (let n = 0; n < 3; n++) tally.add(coder, { host: 'a.org', port: 443 }, { allowed: 1, sent: 10, received: 100 });
  tally.add(coder, { host: 'b.org', port: 80 }, { refused: 1 });
  tally.add(shell, { host: 'a.org', port: 443 }, { allowed: 1, failed: 1 });
  tally.endTurn(turnId);
  const none = { allowed: 0, failed: 0, refused: 0, sent: 0, received: 0 };
  const ofTurn = {
    ...coder,
    hosts: [
      { ...none, host: 'a.org', port: 443, allowed: 3, sent: 30, received: 300 },
      { ...none, host: 'b.org', port: 80, refused: 1 },
    ],
  };
  expect(stated).toEqual([ofTurn]);
  vi.advanceTimersByTime(60_000);
  const ofShell = { ...shell, hosts: [{ ...none, host: 'a.org', port: 443, allowed: 1, failed: 1 }] };
  expect(stated).toEqual([ofTurn, ofShell]);
  vi.advanceTimersByTime(600_000);
  expect(stated).toHaveLength(2);
});

it('[EGR14] hosts beyond a hundred, and those that cannot be read, are counted together', () => {
  tally.add(coder, unnamed, { refused: 1 });
  for (let n = 0; n < 500; n++) tally.add(coder, { host: `h${n}.org`, port: 443 }, { allowed: 1 });
  tally.add(coder, { host: 'h0.org', port: 443 }, { allowed: 1 });
  tally.close();
  expect(stated).toHaveLength(1);
  const [{ hosts }] = stated as [{ hosts: { host: string; allowed: number }[] }];
  expect(hosts.length).toBeLessThanOrEqual(101);
  expect(hosts.find(({ host }) => host === 'h0.org')?.allowed).toBe(2);
  expect(hosts.reduce((sum, { allowed }) => sum + allowed, 0)).toBe(501);
});
