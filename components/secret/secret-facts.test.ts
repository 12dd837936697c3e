import { expect, it } from 'vitest';
import { draftOf, lastUseWords, secretOf, secretProblems, sentWords } from './secret-facts.ts';

const facts = {
  ...{ name: 'forge', origin: 'https://git.example.com', pathPrefix: '/team/', methods: null },
  ...{
    use: { kind: 'basic', user: 'bot' } as const,
    createdAt: '',
    updatedAt: '',
    lastUsedAt: null,
    useCount: 0,
    problem: null,
  },
};

it('[CRD21] says in words how a secret goes and when it was used', () => {
  expect(sentWords(facts)).toBe('As password of bot');
  expect(sentWords({ use: { kind: 'header', header: 'X-Key' }, methods: ['GET', 'HEAD'] })).toBe(
    'In the header X-Key, with GET, HEAD only',
  );
  expect(lastUseWords(facts, 0)).toBe('Never used');
  const at = new Date(2026, 10, 26, 14, 31);
  const used = { lastUsedAt: at.toISOString(), useCount: 1_200 };
  expect(lastUseWords(used, at.getTime() + 60_000)).toBe('Used 1,200 times, last at 14:31');
  expect(lastUseWords(used, at.getTime() + 2 * 86_400_000)).toBe('Used 1,200 times, last at 26 Nov');
});

it('[CRD21] a form begins with what is known, never with a value, and sends what its fields say', () => {
  const draft = draftOf({ ...facts, methods: ['GET'] });
  expect(draft).toEqual({
    ...{ name: 'forge', url: 'https://git.example.com/team/', kind: 'basic', detail: 'bot', methods: 'GET', value: '' },
  });
  const sent = { name: 'forge', url: 'https://git.example.com/team/' };
  expect(secretOf({ ...draft, value: ' v ', methods: 'get, post' })).toEqual({
    ...{ ...sent, value: 'v', use: { kind: 'basic', user: 'bot' }, methods: ['GET', 'POST'] },
  });
  expect(secretOf({ ...draft, kind: 'bearer', value: 'v', methods: ' ' })).toEqual({
    ...{ ...sent, value: 'v', use: { kind: 'bearer' }, methods: null },
  });
});

it('[CRD21] puts each part of a refusal at the field it is about', () => {
  const message = 'Name: expected 1; url: expected 2; use.user: expected 3; methods.0: expected 4.';
  expect(secretProblems({ message })).toEqual({
    ...{ name: 'Expected 1', url: 'Expected 2', detail: 'Expected 3', methods: 'Expected 4.' },
  });
  expect(secretProblems({ message: 'The database does not answer.' })).toEqual({
    form: 'The database does not answer.',
  });
});
