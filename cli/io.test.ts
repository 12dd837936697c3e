import { expect, it } from 'vitest';
import { spoken } from './io.ts';

const said = 'one\ttwo\n\u001b]52;c;aGk=\u0007three';

it('what an agent said is whole for a program, and steers no terminal', () => {
  expect(spoken(said, {})).toBe(`${said}\n`);
  expect(spoken('done\n', { isTTY: false })).toBe('done\n');
  const shown = spoken(said, { isTTY: true });
  expect(shown).toMatch(/^one {4}two\n.*three\n$/s);
  expect(shown).not.toMatch(/[^\P{C}\n]/u);
});
