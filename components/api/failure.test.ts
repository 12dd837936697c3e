import { expect, it } from 'vitest';
import { failureOf } from './failure.ts';

it('[WEB10] reads code and message of an answered failure', () => {
  const error = Object.assign(new Error('no such folder'), { data: { appCode: 'source.invalid' } });
  expect(failureOf(error)).toEqual({ code: 'source.invalid', message: 'No such folder.', isRetryable: false });
});

it('[WEB10] takes an unanswered call for an unreachable server and an unknown code for an internal error', () => {
  expect(failureOf(new Error('WebSocket closed'))).toMatchObject({ code: 'server.unreachable', isRetryable: true });
  expect(failureOf(Object.assign(new Error('x'), { data: undefined })).code).toBe('server.unreachable');
  expect(failureOf(Object.assign(new Error('x'), { data: { appCode: 'new.code' } })).code).toBe('server.internal');
});
