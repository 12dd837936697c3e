import { expect, it } from 'vitest';
import { redeem, targetOf, tokenOf } from './sign-in.ts';

const origin = 'https://omnigent.example.com';

it('[WEB11] takes the token from the fragment only', () => {
  expect(tokenOf('#t=abc_-1')).toBe('abc_-1');
  expect([tokenOf(''), tokenOf('#t='), tokenOf('#x=1')]).toEqual([null, null, null]);
});

it('[WEB11] returns to a path of this server and nowhere else', () => {
  const to = (path: string) => targetOf(`?to=${encodeURIComponent(path)}`, origin);
  expect(to('/sessions/ses_1?view=wall')).toBe('/sessions/ses_1?view=wall');
  for (const path of [
    'https://evil.example.com/',
    '//evil.example.com',
    '/\\evil.example.com',
    'javascript:alert(1)',
    '/sign-in',
  ]) {
    expect(to(path)).toBe('/');
  }
  expect(targetOf('', origin)).toBe('/');
});

it('[WEB11] says what became of the link', async () => {
  const answer = (status: number) => redeem('t', () => Promise.resolve(new Response('{}', { status })));
  expect(await answer(200)).toBeNull();
  expect(await answer(410)).toEqual({ kind: 'refused', why: 'used' });
  expect(await answer(429)).toEqual({ kind: 'refused', why: 'too-many' });
  expect(await answer(503)).toEqual({ kind: 'refused', why: 'unreachable' });
  expect(await redeem('t', () => Promise.reject(new Error('down')))).toEqual({ kind: 'refused', why: 'unreachable' });
});
