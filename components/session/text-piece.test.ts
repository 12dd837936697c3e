/** Putting pieces of text together. */
import { expect, it } from 'vitest';
import { withPiece } from './text-piece.ts';

const piece = (offset: number, text: string) => ({ itemId: 'itm', offset, text });

it('a piece stands at its offset, however often it comes', () => {
  const once = withPiece(withPiece('', piece(0, 'abc')), piece(3, 'def'));
  expect(once).toBe('abcdef');
  expect(withPiece(once, piece(3, 'def'))).toBe('abcdef');
});

it('offset 0 begins anew, and a piece after a gap waits for the whole', () => {
  expect(withPiece('abc', piece(0, 'x'))).toBe('x');
  expect(withPiece('abc', piece(5, 'x'))).toBe('abc');
});
