import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { Echoed, EchoGuard } from './echo.ts';

const value = 'abcabcabd-0123456789';
const bearer = { kind: 'bearer' } as const;

/** What gets through of a body that comes in these pieces; null: it was cut. */
function passed(pieces: Buffer[], guard = new EchoGuard(bearer, value)): Buffer | null {
  try {
    const out = pieces.map((piece) => guard.push(piece));
    return Buffer.concat([...out, guard.end()]);
  } catch (cause) {
    expect(cause).toBeInstanceOf(Echoed);
    return null;
  }
}

/** `bytes` in pieces of `size`. */
const inPieces = (bytes: Buffer, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => bytes.subarray(n * size, (n + 1) * size));

it('[CRD8] a value is found wherever pieces end, and nothing of what only begins like it is lost', () => {
  const near = Buffer.from(`abcabcabcabc ${value.slice(0, -1)} abcabcab abcabcabd-012345678 ${value.slice(0, 12)}`);
  for (let size = 1; size <= 40; size++) {
    expect(passed(inPieces(near, size))?.equals(near), `near in ${size}`).toBe(true);
    expect(passed(inPieces(Buffer.from(`abcabc${value}`), size)), `value in ${size}`).toBeNull();
    const json = JSON.stringify({ you: 'sent', authorization: `Bearer ${value}` });
    expect(passed(inPieces(Buffer.from(json), size))).toBeNull();
  }
});

it('[CRD8] what goes on is held back only where it is the beginning of a value', () => {
  const guard = new EchoGuard(bearer, value);
  expect(guard.push(Buffer.from('a line\n')).toString()).toBe('a line\n');
  expect(guard.push(Buffer.from('event: abcabca')).toString()).toBe('event: ');
  expect(guard.push(Buffer.from('x')).toString()).toBe('abcabcax');
  const noise = randomBytes(1024 * 1024);
  expect(passed(inPieces(noise, 65_536))?.equals(noise)).toBe(true);
});

it('[CRD8] the forms that a value is sent and spelled in are found too; one too short to tell is not looked for', () => {
  const basic = { kind: 'basic', user: 'bot' } as const;
  const odd = 'p"ss wörd/123';
  const forms = [
    ...[odd, Buffer.from(odd).toString('base64'), Buffer.from(`bot:${odd}`).toString('base64')],
    ...[JSON.stringify(odd), encodeURIComponent(odd)],
  ];
  for (const form of forms) expect(passed([Buffer.from(`> ${form} <`)], new EchoGuard(basic, odd)), form).toBeNull();
  expect(passed([Buffer.from('abc')], new EchoGuard(bearer, 'abc'))?.toString()).toBe('abc');
  const guard = new EchoGuard(bearer, value);
  expect(() => guard.checkHeaders({ a: 'b', 'set-cookie': ['c', value] })).toThrow(Echoed);
  expect(() => guard.checkHeaders({ a: 'b', 'set-cookie': ['c'] })).not.toThrow();
});
