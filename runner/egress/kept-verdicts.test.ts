/** Which verdicts are said again, and when they are asked for anew. */
import { beforeEach, expect, it } from 'vitest';
import { newId } from '#protocol/id.ts';
import { KeptVerdicts } from './kept-verdicts.ts';
import type { EgressRequest, EgressVerdict } from './verdict.ts';

const ids = { now: () => 1_000, random: (bytes: Uint8Array) => void crypto.getRandomValues(bytes) };
const [one, other] = [newId('turn', ids), newId('turn', ids)];
const kept: EgressVerdict = { verdict: 'allow', rule: 'rules[0]', reason: '', keep: 'rules' };

let verdicts: KeptVerdicts;
let asked: { request: EgressRequest; signal: AbortSignal; settle: (word: EgressVerdict) => void }[];

beforeEach(() => {
  verdicts = new KeptVerdicts();
  asked = [];
});

const requestOf = (more: Partial<EgressRequest> = {}): EgressRequest => ({
  ...{ agent: 'coder', turnId: one, host: 'example.org', port: 443 },
  request: { method: 'CONNECT', url: 'https://example.org/' },
  ...more,
});
const ask = (more: Partial<EgressRequest> = {}, signal = new AbortController().signal) =>
  verdicts.ask(requestOf(more), signal, (request, gone) => {
    return new Promise((settle) => asked.push({ request, signal: gone, settle }));
  });

it('[EGR9] of several alike one is asked about, and what was said is said to those that come later', async () => {
  const all = [ask(), ask(), ask({ turnId: other })];
  expect(asked).toHaveLength(1);
  asked[0]?.settle(kept);
  expect(await Promise.all([...all, ask()])).toEqual([kept, kept, kept, kept]);
  expect(asked).toHaveLength(1);
});

it('[EGR9] another agent, method, host, port or header is asked about by itself', () => {
  void ask();
  const request = { method: 'GET', url: 'http://example.org/' };
  void ask({ agent: 'shell' });
  void ask({ host: 'www.example.org' });
  void ask({ port: 8443 });
  void ask({ request });
  void ask({ request: { ...request, method: 'POST' } });
  void ask({ request: { ...request, headers: { 'x-http-method': 'DELETE' } } });
  void ask({ request: { ...request, url: 'http://example.org/other', headers: { accept: '*/*' } } });
  expect(asked).toHaveLength(7);
});

it('[EGR9] what is not to be kept is asked about again, and the word of a person against it holds for the turn', async () => {
  const first = ask();
  asked[0]?.settle({ ...kept, keep: null });
  await first;
  const second = ask();
  expect(asked).toHaveLength(2);
  asked[1]?.settle({ ...kept, verdict: 'deny', keep: 'turn' });
  await second;
  expect(await ask()).toMatchObject({ verdict: 'deny' });
  void ask({ turnId: other });
  expect(asked).toHaveLength(3);
});

it('[EGR9] once rules change nothing that was said or asked for before is said again', async () => {
  const before = ask();
  verdicts.forget();
  const after = ask();
  expect(asked).toHaveLength(2);
  asked[0]?.settle(kept);
  expect(await before).toEqual(kept);
  void ask();
  expect(asked).toHaveLength(2);
  asked[1]?.settle({ ...kept, verdict: 'deny' });
  expect(await after).toMatchObject({ verdict: 'deny' });
  expect(await ask()).toMatchObject({ verdict: 'deny' });
  verdicts.forget();
  void ask();
  expect(asked).toHaveLength(3);
});

it('[EGR13] a question is withdrawn when the last one that waits for it has gone', async () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const all = [ask({}, first.signal), ask({}, second.signal)];
  first.abort();
  expect(asked[0]?.signal.aborted).toBe(false);
  second.abort();
  expect(asked[0]?.signal.aborted).toBe(true);
  expect(await Promise.all(all)).toMatchObject([{ verdict: 'deny' }, { verdict: 'deny' }]);
  void ask();
  expect(asked).toHaveLength(2);
});

it('[EGR7] questions come no faster than twenty a second after two hundred', async () => {
  let now = 0;
  const paced = new KeptVerdicts(() => now);
  const many = (count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, n) =>
        paced.ask(requestOf({ host: `h${now}-${n}.org` }), new AbortController().signal, async () => ({
          ...kept,
          keep: null,
        })),
      ),
    );
  const answered = async (count: number) => {
    const all: EgressVerdict[] = [];
    for (let n = 0; n < count; n += 50) all.push(...(await many(Math.min(50, count - n))));
    return all.filter(({ verdict }) => verdict === 'allow').length;
  };
  expect(await answered(300)).toBe(200);
  now = 2_000;
  expect(await answered(100)).toBe(40);
});
