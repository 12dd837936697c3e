import { expect, it } from 'vitest';
import { type BrowserFacts, browserName, type Choice, notifyState, repairOf, stateWords } from './notify-state.ts';

const able = (permission: NotificationPermission, subscriptionId: string | null = null): BrowserFacts => ({
  ...{ kind: 'able', canPush: true, permission, subscriptionId },
});
const none: Choice = { kind: 'none' };
const push = (id: string): Choice => ({ kind: 'push', id });

it('[NTF10] is on only where the browser allows it, has the subscription and the server knows it', () => {
  expect(notifyState({ kind: 'unable', why: 'missing' }, push('a'), ['a'])).toBe('unable');
  expect(notifyState(able('denied', 'a'), push('a'), ['a'])).toBe('denied');
  expect(notifyState(able('default'), none, [])).toBe('off');
  expect(notifyState(able('default', 'a'), push('a'), ['a'])).toBe('off');
  expect(notifyState(able('granted', 'a'), push('a'), ['a'])).toBe('push');
  expect(notifyState(able('granted', 'a'), push('a'), ['b'])).toBe('off');
  expect(notifyState(able('granted', 'b'), push('a'), ['a', 'b'])).toBe('off');
  expect(notifyState(able('granted'), { kind: 'tab' }, [])).toBe('tab');
  expect(notifyState(able('granted'), none, ['a'])).toBe('off');
});

it('[NTF10] a subscription that the browser changed is renewed, and one of somebody else or removed elsewhere is dropped', () => {
  expect(repairOf(able('granted', 'a'), push('a'), ['a'])).toBe('none');
  expect(repairOf(able('granted', 'b'), push('a'), ['a'])).toBe('renew');
  expect(repairOf(able('granted'), push('a'), ['a'])).toBe('renew');
  expect(repairOf(able('granted', 'a'), push('a'), [])).toBe('drop');
  expect(repairOf(able('granted', 'a'), none, ['a'])).toBe('drop');
  expect(repairOf(able('granted'), push('a'), [])).toBe('drop');
  expect(repairOf(able('granted'), { kind: 'tab' }, [])).toBe('none');
  expect(repairOf(able('default'), push('a'), [])).toBe('none');
  expect(repairOf({ kind: 'unable', why: 'insecure' }, push('a'), [])).toBe('none');
});

it('[NTF10] says why it cannot be on, and which browser this is', () => {
  expect(stateWords('unable', { kind: 'unable', why: 'insecure' })).toContain('https');
  expect(browserName('Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0')).toBe(
    'Firefox on Linux',
  );
  expect(
    browserName(
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile Safari/604',
    ),
  ).toBe('Safari on iOS');
  expect(browserName('curl/8')).toBe('A browser');
});
