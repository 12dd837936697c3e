import { expect, it } from 'vitest';
import { draftOf, followed, isOutdated, sampleRules } from './rule-draft.ts';

const none = { text: '', hash: '' };
const old = { text: 'old', hash: 'a' };
const other = { text: 'other', hash: 'b' };

it('[WEB60] a draft that nobody has touched follows what its level says, and an edit stays and says that it changed', () => {
  expect(draftOf(none).text).toBe(sampleRules);
  expect(followed(draftOf(none), other)).toEqual(draftOf(other));
  expect(followed(draftOf(other), none)).toEqual(draftOf(none));

  const edited = { ...draftOf(old), text: 'mine' };
  expect(followed(edited, old)).toBe(edited);
  expect(followed(edited, other)).toBe(edited);
  expect([isOutdated(edited, old), isOutdated(edited, other)]).toEqual([false, true]);
  // What was applied is what its level says from then on.
  expect(followed(edited, { text: 'mine', hash: 'c' })).toEqual(draftOf({ text: 'mine', hash: 'c' }));
});
