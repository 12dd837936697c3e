import { expect, it } from 'vitest';
import { inputOf, noAuditFilter, nounsOf } from './audit-filter.ts';

const types = ['turn.started', 'session.created', 'turn.completed'] as const;

it('[AUD4] only what is filtered by is asked for', () => {
  expect(inputOf(noAuditFilter, types)).toEqual({});
  expect(inputOf({ text: ' rm ', principal: 'per_1', noun: 'turn' }, types)).toEqual({
    text: 'rm',
    principal: 'per_1',
    types: ['turn.started', 'turn.completed'],
  });
});

it('[AUD4] what events are about is named once', () => {
  expect(nounsOf(types)).toEqual(['session', 'turn']);
});
