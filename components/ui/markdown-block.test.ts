/** Cutting Markdown into blocks. */
import { expect, it } from 'vitest';
import { markdownBlocks } from './markdown-block.ts';

it('paragraphs stand alone, and together they are the text', () => {
  const text = 'One\ntwo\n\nThree\n\n## Four\n';
  expect(markdownBlocks(text)).toEqual(['One\ntwo\n', 'Three\n', '## Four\n']);
  expect(markdownBlocks(text).join('\n')).toBe(text);
});

it('a fenced block stays whole, also before its end has come', () => {
  expect(markdownBlocks('```ts\na\n\nb\n```\n\nafter')).toEqual(['```ts\na\n\nb\n```\n', 'after']);
  expect(markdownBlocks('```ts\na\n\nb')).toEqual(['```ts\na\n\nb']);
});

it('items of a list stay together', () => {
  expect(markdownBlocks('- a\n\n- b\n\n  more\n\nend')).toEqual(['- a\n\n- b\n\n  more\n', 'end']);
});
