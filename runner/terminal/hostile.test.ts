/** What hostile output can do: a corpus of control sequences against the runner's emulator and a viewer that joins. */
import { describe, expect, it } from 'vitest';
import { fromViewerSchema } from '#protocol/viewer-message.ts';
import { differences } from './difference.ts';
import { Emulator } from './emulator.ts';
import { joinFrom, openViewer } from './viewer.testing.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const mega = 1024 * 1024;

/** Name, output, and what the runner's emulator answers its program with ESC as `^`; null for nothing. */
const corpus: readonly [string, string, RegExp | null][] = [
  ['OSC 0, a title', '\x1b]0;evil title\x07', null],
  ['OSC 2, a title', '\x1b]2;evil title\x1b\\', null],
  ['OSC 7, a folder', '\x1b]7;file://example.com/etc\x07', null],
  ['OSC 8, a link that is a script', '\x1b]8;;javascript:alert(1)\x1b\\click\x1b]8;;\x1b\\', null],
  ['OSC 8, a link of 1 MiB', `\x1b]8;;https://example.com/${'x'.repeat(mega)}\x1b\\click\x1b]8;;\x1b\\`, null],
  ['OSC 9, a notification', '\x1b]9;buy\x07\x1b]777;notify;buy;now\x07', null],
  ['OSC 52, the clipboard written', '\x1b]52;c;cm0gLXJmIC8K\x07', null],
  ['OSC 52, the clipboard read', '\x1b]52;c;?\x07', null],
  ['OSC 1337, a file', '\x1b]1337;File=name=YQ==;inline=1:AAAA\x07', null],
  ['OSC 4 and 104, colours changed', '\x1b]4;1;rgb:00/00/00\x07\x1b]11;#ffffff\x07\x1b]104\x07', null],
  ['OSC 4 and 11, colours asked', '\x1b]4;1;?\x07\x1b]11;?\x07', /^\^\]4;1;rgb:\S+\^\\\^\]11;rgb:\S+\^\\$/],
  ['DECRQSS', '\x1bP$qm\x1b\\\x1bP$q"p\x1b\\', /^(\^P[01]\$r[^^]*\^\\){2}$/],
  ['DECRQSS that would be typed', '\x1bP$q\nrm -rf /\n\x1b\\', /^\^P0\$r\^\\$/],
  ['XTGETTCAP', '\x1bP+q544e\x1b\\', /^\^P0\+r\^\\$/],
  ['DA 1, 2 and 3', '\x1b[c\x1b[>c\x1b[=c', /^\^\[\?[\d;]+c\^\[>[\d;]+c\^P!\|0+\^\\$/],
  ['DSR and CPR', '\x1b[5n\x1b[6n\x1b[?6n', /^\^\[0n\^\[\d+;\d+R\^\[\?\d+;\d+R$/],
  ['DECRQM', '\x1b[?2004$p\x1b[4$p', /^\^\[\?2004;\d\$y\^\[4;\d\$y$/],
  ['the title asked', '\x1b]2;\nrm -rf /\n\x07\x1b[21t\x1b[20t', /^\^\]l\^\\\^\]L\^\\$/],
  ['the window moved, resized, hidden', '\x1b[3;0;0t\x1b[8;999;999t\x1b[2t\x1b[4;9999;9999t', null],
  ['DECCOLM and a size of 9999999', '\x1b[?40h\x1b[?3h\x1b[8;9999999;9999999t\x1b[9999999;9999999H', null],
  ['DECSET 1004, focus', '\x1b[?1004h', null],
  ['DECSET 2004 and 1003', '\x1b[?2004h\x1b[?1003;1006h', null],
  ['APC, PM and SOS', '\x1b_Gf=32,s=9999,v=9999;AAAA\x1b\\\x1b^pm\x1b\\\x1bXsos\x1b\\', null],
  ['a sixel bomb', `\x1bPq"1;1;99999;99999#0;2;0;0;0${'!99999~-'.repeat(100_000)}\x1b\\`, null],
  ['10 MB of OSC without end', `\x1b]0;${'x'.repeat(10 * mega)}`, null],
  ['10 MB of DCS without end', `\x1bP+q${'4'.repeat(10 * mega)}`, null],
  ['10 MB of a colour asked without end', `\x1b]11;${'?'.repeat(10 * mega)}`, null],
  ['10 MB of DECRQSS without end', `\x1bP$q${'m'.repeat(10 * mega)}`, null],
  ['REP', 'x\x1b[999999999b', null],
  ['counts of 2^31', '@ABCDEFGIJKLMPSTXZ`ade'.replace(/./g, 'x\x1b[2147483647$&'), null],
  ['100,000 parameters', `\x1b[${'1;'.repeat(100_000)}m`, null],
  ['one letter with a million marks', `e${'\u0301'.repeat(mega)}`, null],
  ['erase above in the last column', '\x1b[999;999H\x1b[1J', null],
  ['broken UTF-8 and C1', '\xff\xfe\xc0\x80\u009b31m\u0090q\u009c\u0098', null],
];

function openRunner() {
  const replies: string[] = [];
  const emulator = new Emulator({ cols: 80, rows: 24, onReply: (text) => void replies.push(text) });
  return { emulator, replies: () => replies.join('') };
}

/** What one entry may cost; xterm.js alone needs minutes or gigabytes for some of them. */
const limits = { ms: 10_000, heapBytes: 64 * mega };

describe('hostile output', () => {
  it.each(corpus)('[TRM9] %s: no emulator throws, hangs or grows, and the next line is drawn', (_, output) => {
    const { emulator } = openRunner();
    const viewer = openViewer({ cols: 80, rows: 24 });
    const data = bytes(output);
    const before = process.memoryUsage();
    const startedAt = performance.now();
    for (const target of [(part: Uint8Array) => emulator.write(part), viewer.apply]) {
      for (let at = 0; at < data.length; at += 4096) target(data.subarray(at, at + 4096));
    }
    expect(performance.now() - startedAt).toBeLessThan(limits.ms);
    const { heapUsed } = process.memoryUsage();
    expect(heapUsed - before.heapUsed).toBeLessThan(limits.heapBytes);
    const joined = joinFrom(emulator);
    expect(differences(emulator.core, joined.core)).toEqual([]);
    const after = bytes('\x18\x1b\\\x1bc\x1b[2;3Hstill here');
    emulator.write(after);
    expect(emulator.lines()[1]).toBe('  still here');
    for (const each of [viewer, joined]) {
      each.apply(after);
      expect(differences(emulator.core, each.core)).toEqual([]);
    }
  });

  it.each(corpus)('[TRM6] %s: a viewer sends no byte, the runner at most the usual answer', (_, output, answer) => {
    const { emulator, replies } = openRunner();
    const viewer = openViewer({ cols: 80, rows: 24 });
    emulator.write(bytes(output));
    viewer.apply(bytes(output));
    const joined = joinFrom(emulator);
    expect(viewer.replies + joined.replies).toBe('');
    if (answer === null) expect(replies()).toBe('');
    else expect(replies().replaceAll('\x1b', '^')).toMatch(answer);
  });

  it('[TRM9] titles, clipboard and colours leave no trace in what is drawn for who joins', () => {
    const { emulator } = openRunner();
    const empty = new TextDecoder().decode(emulator.draw());
    emulator.write(bytes('\x1b]0;t\x07\x1b]52;c;YQ==\x07\x1b]4;1;#000000\x07\x1b]11;#fff\x07\x1b]7;file:///x\x07'));
    expect(new TextDecoder().decode(emulator.draw())).toBe(empty);
  });

  it('[TRM9] a screen and scrollback full of links cost neither time nor memory', () => {
    const { emulator } = openRunner();
    const startedAt = performance.now();
    for (let n = 0; n < 40_000; n++)
      emulator.write(bytes(`\x1b]8;;https://example.com/${n}\x1b\\l\x1b]8;;\x1b\\${n % 20 ? '' : '\r\n'}`));
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(differences(emulator.core, joinFrom(emulator).core)).toEqual([]);
  });

  it.each([
    [9_999_999, 24],
    [80, 9_999_999],
    [0, 0],
    [-1, 2.5],
    [Number.NaN, 24],
  ])('[TRM9] a size of %s × %s is refused where it enters', (cols, rows) => {
    expect(fromViewerSchema.safeParse({ type: 'size', cols, rows }).success).toBe(false);
  });
});
