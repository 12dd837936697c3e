/** A screen drawn from a snapshot against the one it was taken from, after more output and resizes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differences } from './difference.ts';
import { Emulator } from './emulator.ts';
import { type Happening, happenings } from './output.testing.ts';
import { joinFrom, openViewer, type Viewer } from './viewer.testing.ts';

const encode = (text: string) => new TextEncoder().encode(text);

function play(emulator: Emulator | Viewer, step: Happening): void {
  if (step.do === 'resize') emulator.resize(step.cols, step.rows);
  else if (emulator instanceof Emulator) emulator.write(encode(step.text));
  else emulator.apply(encode(step.text));
}

function open(cols = 40, rows = 10) {
  const emulator = new Emulator({ cols, rows, onReply: () => undefined });
  return {
    emulator,
    print: (...texts: string[]) => {
      for (const text of texts) emulator.write(encode(text));
    },
  };
}

/** Everything that is equal now, and after each of `further`. */
function expectSame(emulator: Emulator, ...further: Happening[]): void {
  const viewer = joinFrom(emulator);
  expect(differences(emulator.core, viewer.core)).toEqual([]);
  for (const step of further) {
    play(emulator, step);
    play(viewer, step);
    expect(differences(emulator.core, viewer.core)).toEqual([]);
  }
  expect(viewer.replies).toBe('');
}

const text = (...parts: string[]): Happening => ({ do: 'print', text: parts.join('') });
const size = (cols: number, rows: number): Happening => ({ do: 'resize', cols, rows });

describe('a snapshot', () => {
  it('[TRM3] keeps the scroll region, tab stops, modes and character sets', () => {
    const { emulator, print } = open();
    print(
      '\x1b[3;7r\x1b[3g\x1b[1;5H\x1bH\x1b[1;11H\x1bH\x1b)0\x0e\x1b[?6h\x1b[?45h\x1b[4h\x1b[?1h\x1b=\x1b[?2004h\x1b[?1002;1006h',
    );
    expectSame(emulator, text('qqq\t|\r\n\n\n\n\n\nx\x1b[Hhome'), size(50, 12), text('\x0fq\x1b[?6l\x1b[Hy'));
  });

  it('[TRM3] keeps the cursor a program saved, also one that scrolled away', () => {
    const { emulator, print } = open();
    print('a\r\nb\r\n\x1b[31;1mhere\x1b7\x1b[m', '\r\nline'.repeat(60));
    expectSame(emulator, text('\x1b8restored'), size(40, 30), text('\x1b8again'));
  });

  it('[TRM3] keeps a cursor saved on lines that were cleared since', () => {
    const { emulator, print } = open();
    print('\r\nline'.repeat(60), '\x1b[32m\x1b7\x1b[m\x1b[H\x1b[2J\x1b[3J');
    expectSame(emulator, text('\r\nmore'.repeat(20)), text('\x1b8restored'));
  });

  it('[TRM3] keeps both screens while a program shows the alternate one', () => {
    const { emulator, print } = open();
    print(
      'prompt$ ',
      'shell\r\n'.repeat(40),
      '\x1b[5;9H\x1b7\x1b[?1049h\x1b[2J\x1b[44mfull\x1b[K\x1b[3;4r\x1b[2;2H\x1b7',
    );
    expectSame(emulator, text('more\r\n\n\n\n\n'), size(30, 8), text('\x1b8x\x1b[?1049lback'));
  });

  it('[TRM3] keeps what the next character depends on: pending wrap, the character to join or repeat', () => {
    for (const last of [
      'x'.repeat(40),
      `${'x'.repeat(39)}e\u0301`,
      '漢'.repeat(20),
      'word',
      `${'x'.repeat(40)}\x1b[31m`,
    ]) {
      for (const next of ['y', '\u0301', '\x1b[3b', '漢', '\b', '\x1b[K']) {
        const { emulator, print } = open();
        print('\x1b[1;34m', last);
        expectSame(emulator, text(next));
      }
    }
  });

  it('[TRM3] keeps a wide character in the last columns of a line that does not wrap, until one takes its place', () => {
    for (const last of ['漢', '漢字', '漢x', '漢字x', '漢x字', '漢\x1b[41m字', '漢\x1b[41mx']) {
      const { emulator, print } = open();
      print('\x1b[?7l\x1b[4;32m', 'x'.repeat(38), last, '\x1b[m\r\n');
      expect(emulator.lines()[0]?.at(-1), last).toBe(last.includes('x') ? 'x' : '漢');
      expectSame(emulator, size(60, 10), text('\x1b[H\x1b[39Cy'), size(39, 10));
    }
  });

  it.each([
    ['characters', '\x1b[@'],
    ['columns', "\x1b[2'}"],
    ['text', '\x1b[4hy\x1b[4l'],
  ])('[TRM3] keeps lines in which %s were inserted between the halves of a wide character', (_, inserting) => {
    for (const begin of [1, 2, 37, 38, 39]) {
      const { emulator, print } = open();
      print('\x1b[4;32;44m', ' '.repeat(begin - 1), '漢字', '\x1b[41m', `\x1b[1;${begin + 1}H`, inserting);
      expectSame(emulator, text('\x1b[H\x1b[P'), text('\x1b[P'), size(30, 10));
    }
  });

  it('[TRM3] keeps wrapped lines whole for the next resize', () => {
    const { emulator, print } = open();
    print(`${'long '.repeat(60)}\r\n${'漢字'.repeat(45)}x\r\n\x1b[42m${'colour '.repeat(30)}\x1b[m\r\n`.repeat(5));
    expectSame(emulator, size(17, 10), size(90, 20), size(33, 5));
  });

  it('[TRM3] keeps a continuation whose beginning scrolled out of the buffer', () => {
    const { emulator, print } = open(20, 5);
    print('x'.repeat(20 * 1010));
    expectSame(emulator, size(33, 5), text('y'));
  });

  it('[TRM3] keeps underlines, their colours, links and protected cells', () => {
    const { emulator, print } = open();
    print('\x1b[4:3;58;5;9mcurly\x1b[21mdouble\x1b[4;58:2::1:2:3mline\x1b[m \x1b[1"qkept\x1b[0"q ');
    print('\x1b]8;id=a;https://example.com/?q=1;2\x1b\\link\x1b[31mred\x1b]8;;\x1b\\ none \x1b[53;9;5;2;3;8;7mall');
    expectSame(emulator, text('\x1b[?2Jx'));
  });

  it('[TRM3] keeps colours of blanks, also those that half of an overwritten wide character leaves', () => {
    const { emulator, print } = open();
    print(
      '\x1b[44m\x1b[2K\x1b[1;5H\x1b[41;4m漢\x1b[1;6Hx\x1b[m\x1b[2;39H\x1b[45;9m漢\x1b[2;39Hy\x1b[3;5H漢字\x1b[3;6H\x1b[@',
    );
    expectSame(emulator, text('\x1b[1;1Hz\x1b[K'));
  });

  it.each([
    ['a character', 'ab\xe2\x80'],
    ['a control sequence', '\x1b[3;1'],
    ['one with a control inside that took effect', 'ab\x1b[3\n;1'],
    ['a string', '\x1b]8;;http://example.com/long'],
    ['a device string', '\x1bP1$'],
    ['a string without effect', '\x1b_anything'],
    ['an escape', 'ab\x1b'],
    ['a control of one byte', '\xc2\x9b3'],
  ])('[TRM3] may be taken inside %s', (_, begun) => {
    for (const rest of ['\xa6m!', '2H!', '/more\x1b\\linked', '\\!', '\x18!']) {
      const { emulator } = open();
      emulator.write(Uint8Array.from(begun, (byte) => byte.charCodeAt(0)));
      const viewer = joinFrom(emulator);
      const bytes = Uint8Array.from(rest, (byte) => byte.charCodeAt(0));
      emulator.write(bytes);
      viewer.apply(bytes);
      expect(differences(emulator.core, viewer.core)).toEqual([]);
    }
  });

  it('[TRM3] inside a string of megabytes stays small and still ends with it', () => {
    const { emulator, print } = open();
    print('\x1b]8;;http://example.com/', 'x'.repeat(3_000_000));
    expect(emulator.draw().length).toBeLessThan(70_000);
    expectSame(emulator, text('\x1b\\not a link'));
  });

  it('[TRM3] is that of a reset terminal after a reset', () => {
    const { emulator, print } = open();
    print('\x1b[3;7r\x1b[?1049h\x1b)0\x0e\x1b[31mtext\x1bc');
    expectSame(emulator, text('plain'));
  });
});

/** The last one is new in every run; its number is in the title. */
const seeds = [1, 2, 3, ...Array.from({ length: 14 }, (_, i) => (Date.now() % 100000) + i)];
/** A failing run is made smaller for this long at most. */
const shrinkMs = 15_000;

describe('random output', () => {
  it.each(seeds)('[TRM3] seed %i: whoever joins and whoever watched from the start see the same', (seed) => {
    const property = fc.property(happenings(160), fc.array(fc.nat({ max: 160 }), { maxLength: 3 }), (run, joins) => {
      const emulator = new Emulator({ ...run.size, onReply: () => undefined });
      const viewers = [openViewer(run.size)];
      for (const [i, step] of run.steps.entries()) {
        play(emulator, step);
        for (const viewer of viewers) play(viewer, step);
        if (joins.includes(i)) viewers.push(joinFrom(emulator));
      }
      viewers.push(joinFrom(emulator));
      for (const viewer of viewers) expect(differences(emulator.core, viewer.core)).toEqual([]);
      expect(viewers.map((viewer) => viewer.replies).join('')).toBe('');
    });
    fc.assert(property, { seed, numRuns: 60, interruptAfterTimeLimit: shrinkMs });
  });

  it.each(seeds)('[TRM4] seed %i: the screen does not depend on how the output was cut', (seed) => {
    const cuts = fc.infiniteStream(fc.integer({ min: 1, max: 40 }));
    const property = fc.property(happenings(120), cuts, (run, lengths) => {
      const [whole, cut] = [openViewer(run.size), openViewer(run.size)];
      for (const step of run.steps) {
        play(whole, step);
        if (step.do === 'resize') play(cut, step);
        else for (const part of parts(encode(step.text), lengths)) cut.apply(part);
      }
      expect(differences(whole.core, cut.core)).toEqual([]);
    });
    fc.assert(property, { seed, numRuns: 40, interruptAfterTimeLimit: shrinkMs });
  });
});

function parts(bytes: Uint8Array, lengths: Iterator<number>): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = lengths.next().value ?? 1;
    found.push(bytes.subarray(at, at + length));
    at += length;
  }
  return found;
}
