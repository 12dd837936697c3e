import { expect, it } from 'vitest';
import { checkSizes } from './size.ts';

const lines = (count: number, line = '// x') => `${Array.from({ length: count }, () => line).join('\n')}\n`;

it('finds a file over 400 lines, a page over 80 and a function over 80', () => {
  expect(checkSizes([{ path: 'db/a.ts', text: lines(400) }])).toEqual([]);
  expect(checkSizes([{ path: 'db/a.ts', text: lines(401) }])).toEqual([
    'db/a.ts: 401 lines; split it by noun or state, at most 400',
  ]);
  expect(checkSizes([{ path: 'app/x/page.tsx', text: lines(81) }])).toHaveLength(1);
  expect(checkSizes([{ path: 'db/a.ts', text: `const open = () => {\n${lines(79, '  go();')}};\n` }])).toEqual([
    'db/a.ts:1: open has 81 lines; split it by noun or state, at most 80',
  ]);
  expect(checkSizes([{ path: 'db/a.ts', text: `function open() {\n${lines(78, '  go();')}}\n` }])).toEqual([]);
});

it('lets a suite hold as many tests as a file may', () => {
  const suite = `describe('a', () => {\n${lines(100, "  it('b', () => {});")}});\n`;
  expect(checkSizes([{ path: 'db/a.test.ts', text: suite }])).toEqual([]);
  const contract = `export function busContract() {\n${lines(100, "  it('b', () => {});")}}\n`;
  expect(checkSizes([{ path: 'server/bus/contract.ts', text: contract }])).toEqual([]);
  expect(checkSizes([{ path: 'server/bus/bus.ts', text: contract }])).toHaveLength(1);
});
