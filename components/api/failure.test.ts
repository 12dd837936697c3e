import { TRPCClientError } from '@trpc/client';
import { expect, it } from 'vitest';
import { failureOf } from './failure.ts';

it('[WEB10] reads code and message of an answered failure', () => {
  const error = Object.assign(new Error('no such folder'), { data: { appCode: 'source.invalid' } });
  expect(failureOf(error)).toEqual({ code: 'source.invalid', message: 'No such folder.', isRetryable: false });
});

it('[WEB10] takes an unanswered call for an unreachable server and an unknown code for an internal error', () => {
  const closed = TRPCClientError.from(new Error('WebSocket closed'));
  expect(failureOf(closed)).toMatchObject({ code: 'server.unreachable', isRetryable: true });
  expect(failureOf(Object.assign(new Error('x'), { data: undefined })).code).toBe('server.unreachable');
  expect(failureOf(Object.assign(new Error('x'), { data: { appCode: 'new.code' } })).code).toBe('server.internal');
});

it('[WEB10] says in its own words what the browser refuses', () => {
  const denied = new DOMException('Registration failed - permission denied', 'NotAllowedError');
  expect(failureOf(denied)).toEqual({
    ...{ code: 'browser.failed', isRetryable: false },
    message: 'Registration failed - permission denied.',
  });
  expect(failureOf(new TypeError('')).message).toBe('TypeError.');
});
