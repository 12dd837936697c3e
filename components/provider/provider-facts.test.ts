import { expect, it } from 'vitest';
import { lackOf, problemsOf } from './provider-facts.ts';

const facts = (name: 'anthropic' | 'openai', more: object = {}) => ({
  ...{ name, baseUrl: null, source: null, hasKey: false, problem: null },
  ...more,
});
const stored = { source: 'stored', hasKey: true };

it('[PRV7] an agent lacks the key of its own provider, whatever others there are', () => {
  const providers = [facts('anthropic'), facts('openai', stored)];
  expect(lackOf('anthropic', providers)).toEqual({ provider: 'anthropic', problem: null });
  expect(lackOf('openai', providers)).toBeNull();
  const broken = [facts('anthropic', { ...stored, problem: 'gone' })];
  expect(lackOf('anthropic', broken)).toEqual({ provider: 'anthropic', problem: 'gone' });
});

it('[PRV7] where it is not known what an agent needs, one usable provider is enough', () => {
  expect(lackOf(null, [facts('anthropic'), facts('openai', stored)])).toBeNull();
  const unusable = [facts('anthropic'), facts('openai', { ...stored, problem: 'gone' })];
  expect(lackOf(null, unusable)).toEqual({ provider: null, problem: null });
});

it('[PRV6] puts each part of a refusal at the field it is about', () => {
  expect(problemsOf({ message: 'Key: expected 1; baseUrl: expected 2.' })).toEqual({
    key: 'Expected 1',
    baseUrl: 'Expected 2.',
  });
  expect(problemsOf({ message: 'The database does not answer.' })).toEqual({ form: 'The database does not answer.' });
});
