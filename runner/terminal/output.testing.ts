/** Random output of programs and random resizes, for tests that compare emulators. */
import fc from 'fast-check';

export type Happening = { do: 'print'; text: string } | { do: 'resize'; cols: number; rows: number };

const number = (max: number) => fc.nat({ max });
const one = (letters: string) => fc.constantFrom(...letters);
const csi = (...parts: fc.Arbitrary<string | number>[]) => fc.tuple(...parts).map((all) => `\x1b[${all.join('')}`);

const word = fc.constantFrom('a', 'word', 'a longer run of words ', '    ', 'x'.repeat(30), '-'.repeat(90));
const wide = fc.constantFrom('漢', '漢字漢字', '漢字'.repeat(20), '😀');
const marked = fc.constantFrom('e\u0301', 'a\u0300\u0301', '\u0301', '\u200d', '─│┌é');
const line = fc.constantFrom('\r\n', '\n', '\r', '\b', '\t', '\x0b', '\r\n\r\n\r\n', `${'\r\n'.repeat(30)}`);
const colour = fc.oneof(
  number(107).map(String),
  fc.constantFrom('0', '1', '4', '4:3', '24', '59', '39', '49', '7', '53', '58;5;9', '58:2::1:2:3'),
  number(255).map((n) => `38;5;${n}`),
  number(255).map((n) => `48;5;${n}`),
  number(255).map((n) => `38;2;${n};1;2`),
  number(255).map((n) => `48;2;${n};0;0`),
);
const move = fc.oneof(
  csi(number(40), fc.constant(';'), number(130), fc.constant('H')),
  csi(number(9), one('ABCDEFGIZ`abde')),
  fc.constantFrom('\x1bD', '\x1bE', '\x1bM', '\x1b7', '\x1b8', '\x1b[s', '\x1b[u'),
);
const change = csi(number(6), one('@JKLMPSTX'));
const region = fc.oneof(csi(number(20), fc.constant(';'), number(40), fc.constant('r')), fc.constant('\x1b[r'));
const mode = fc.oneof(
  csi(
    fc.constant('?'),
    fc.constantFrom(1, 6, 7, 12, 25, 45, 47, 66, 1047, 1048, 1049, 9, 1000, 1002, 1003, 1004, 1006, 1016, 2004, 2026),
    one('hl'),
  ),
  csi(fc.constantFrom(4, 20), one('hl')),
  csi(number(8), fc.constant(' q')),
  csi(number(2), fc.constant('"q')),
  fc.constantFrom('\x1b=', '\x1b>', '\x1b[g', '\x1b[3g', '\x1bH', '\x1b[?1J', '\x1b[?K', '\x1b#8'),
);
const charset = fc.oneof(
  fc.tuple(one('()*+'), one('0AB4')).map(([slot, set]) => `\x1b${slot}${set}`),
  fc.constantFrom('\x0e', '\x0f', '\x1bn', '\x1bo'),
);
const link = fc.constantFrom(
  '\x1b]8;;http://example.com/a\x1b\\',
  '\x1b]8;id=x;https://example.com/b\x07',
  '\x1b]8;;\x1b\\',
);
const shift = csi(number(5), fc.constantFrom(' @', ' A', "'}", "'~", 'b'));
/** Reset, unfinished and broken sequences; what follows completes or aborts them. */
const odd = fc.constantFrom(
  ...[
    '\x1bc',
    '\x1b[!p',
    '\x1b[',
    '\x1b[1;2',
    '\x1b[?25\n',
    '\x1b]2;title',
    '\x1bP1$r',
    '\x1b_apc',
    '\x1b^pm',
    '\x1bX',
  ],
  ...['\u009b1m', '\u009d8;;', '\x18', '\x1a', '\x1b\\', '\x07', '\u0085', '\x1b', '\x1b[1;;;;', '\x1b[<'],
);

const print = fc
  .oneof(
    { arbitrary: fc.oneof(word, word, wide, marked, line, line), weight: 6 },
    { arbitrary: fc.tuple(colour, colour).map((codes) => `\x1b[${codes.join(';')}m`), weight: 2 },
    { arbitrary: fc.oneof(move, change, region), weight: 4 },
    { arbitrary: fc.oneof(mode, charset, link, shift), weight: 2 },
    { arbitrary: odd, weight: 1 },
  )
  .map((text): Happening => ({ do: 'print', text }));

/** Sizes from 4 columns on: in fewer, nothing but halves of wide characters can fill a row (see ADR 009). */
const size = fc.record({ cols: fc.integer({ min: 4, max: 110 }), rows: fc.integer({ min: 1, max: 40 }) });
const resize = size.map((to): Happening => ({ do: 'resize', ...to }));

export const happenings = (maxLength: number) =>
  fc.record({
    size,
    steps: fc.array(fc.oneof({ arbitrary: print, weight: 30 }, { arbitrary: resize, weight: 1 }), {
      maxLength,
      size: 'max',
    }),
  });
