import { describe, expect, it } from 'vitest';
import { checkJsonShape, parseJson } from './body.ts';

const nested = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth);

describe('shape of json', () => {
  it('[SRV1] nesting is counted outside strings only', () => {
    expect(() => checkJsonShape(nested(64, '[', ']'))).not.toThrow();
    expect(() => checkJsonShape(nested(65, '[', ']'))).toThrow('64 levels');
    expect(() => checkJsonShape(nested(65, '{"a":', '}').replace('}', '1}'))).toThrow('64 levels');
    expect(() => checkJsonShape(JSON.stringify({ text: nested(500, '[', ']') }))).not.toThrow();
    expect(() => checkJsonShape(JSON.stringify(`\\"${nested(500, '{', '}')}\\\\`))).not.toThrow();
  });

  it('[SRV1] members are counted outside strings only', () => {
    expect(() => checkJsonShape(JSON.stringify(Array.from({ length: 50_000 }, () => 0)))).not.toThrow();
    expect(() => checkJsonShape(JSON.stringify(Array.from({ length: 50_002 }, () => 0)))).toThrow('50000 members');
    const keys = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, 1]));
    expect(() => checkJsonShape(JSON.stringify(keys))).toThrow('members');
    expect(() => checkJsonShape(JSON.stringify(','.repeat(200_000)))).not.toThrow();
  });

  it('an unfinished string ends the check, not the program', () => {
    expect(() => parseJson('{"a":"\\')).toThrow('body: not JSON');
    expect(() => parseJson('"')).toThrow('body: not JSON');
    expect(() => parseJson('')).toThrow('body: not JSON');
  });

  it('a __proto__ member is a member like any other and reaches no prototype', () => {
    const parsed = parseJson('{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}') as object;
    expect('isAdmin' in {}).toBe(false);
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
  });
});
