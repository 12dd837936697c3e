import { describe, expect, it } from 'vitest';
import { maxInputText, toolInputSchema } from '#protocol/turn-event.ts';
import { changeText } from './change-text.ts';
import { requestOf, toolInput } from './tool-input.ts';

describe('what a tool is given', () => {
  it('[GATE11] has one digest however its keys are ordered, and another one for anything else', () => {
    const digests = [{ a: 1, b: [2] }, { b: [2], a: 1 }, { a: 1, b: [3] }, undefined, null].map(
      (whole) => toolInput(whole, '').digest,
    );
    expect(digests[0]).toBe(digests[1]);
    expect(new Set(digests).size).toBe(3);
  });

  it('[GATE11] is cut where it is long, with how much of it is left, and holds what the log takes', () => {
    const input = toolInput({}, `a\0\ud800${'x'.repeat(maxInputText)}`);
    expect(toolInputSchema.parse(input)).toMatchObject({ left: 3 });
    expect(input.text.slice(0, 4)).toBe('a␀\ufffdx');
  });
});

describe('a request', () => {
  it('[RUL14] is the one address that an input names, with what it is asked by', () => {
    const url = 'https://a.example/x';
    expect(requestOf({ url, prompt: 'read it' })).toEqual({ request: { method: 'GET', url } });
    expect(requestOf({ url, method: 'post' })).toEqual({ request: { method: 'POST', url } });
    for (const more of [{ body: 'x' }, { data: 'x' }, { method: 7 }])
      expect(requestOf({ url, ...more })).toEqual({ request: { method: null, url } });
  });

  it.each([[undefined], [{ query: 'x' }], [{ url: 'file:///etc/passwd' }], [{ url: ['https://a.example'] }]])(
    '[RUL14] is none where %j says none',
    (input) => expect(requestOf(input)).toEqual({}),
  );
});

describe('a change', () => {
  const change = (before: string, after: string, isPart = false) =>
    changeText({ path: 'f', before, after, isPart }).split('\n').slice(3);

  it('shows what differs and three lines around it', () => {
    expect(change('1\n2\n3\n4\n5\n6\n7\n8\n9\n', '1\n2\n3\n4\n5!\n6\n7\n8\n9\n')).toEqual([
      ...[' 2', ' 3', ' 4', '-5', '+5!', ' 6', ' 7', ' 8'],
    ]);
    expect(change('a\na\n', 'a\n')).toEqual([' a', '-a']);
    expect(change('a\n', '')).toEqual(['-a']);
  });

  it('shows a line feed that comes or goes at the end', () => {
    expect(change('a\n', 'a')).toEqual(['-a', '+a', '\\ No newline at end of file']);
    expect(change('a', 'a\n', true)).toEqual([' a', '+']);
    expect(change('a', 'b')).toEqual(['-a', '+b']);
  });
});
