/**
 * Output as a day of many programs mixes it: logs, builds, tables, full-screen programs, progress bars, other scripts,
 * and pieces that end anywhere. The same for the same seed.
 */
import { type Random, seededRandom } from '../random.ts';
import type { Recording, Step } from './recording.ts';

type Scene = (random: Random, size: { cols: number; rows: number }) => string;

const words = [
  'build',
  'error:',
  'src/index.ts',
  'ok',
  '漢字テスト',
  'naïve',
  '→',
  'done in 3 ms',
  '😀',
  'e\u0301tude',
  '│',
  '0x7fff',
] as const;
const text = (random: Random, count: number) => Array.from({ length: count }, () => random.pick(words)).join(' ');
const lines = (random: Random, line: () => string) => Array.from({ length: 1 + random.below(40) }, line).join('\r\n');

const colour = (random: Random) =>
  random.pick<() => string>([
    () => `\x1b[${30 + random.below(8)}m`,
    () => `\x1b[1;${90 + random.below(8)};${40 + random.below(8)}m`,
    () => `\x1b[38;5;${random.below(256)}m`,
    () => `\x1b[48;2;${random.below(256)};${random.below(256)};${random.below(256)}m`,
    () => `\x1b[4:${random.below(6)};58;5;${random.below(256)}m`,
    () => `\x1b[${random.below(10)}m`,
  ])();

const log: Scene = (random) =>
  `${lines(random, () => `${colour(random)}${text(random, 1 + random.below(20))}\x1b[0m`)}\r\n`;
const plain: Scene = (random) => `${lines(random, () => text(random, 1 + random.below(30)))}\r\n`;
const progress: Scene = (random, { cols }) =>
  Array.from(
    { length: 30 },
    (_, i) => `\r\x1b[K${colour(random)}${'█'.repeat(Math.min(cols - 8, i * 2))}\x1b[m ${i} %`,
  ).join('');
const table: Scene = (random, { cols }) =>
  `${lines(random, () => `\x1b(0x\x1b(B${text(random, 3)}\t\t${random.below(1e6)}\x1b[${cols}G\x1b(0x\x1b(B`)}\r\n`;
const links: Scene = (random) =>
  `${lines(random, () => `\x1b]8;id=${random.below(9)};https://example.com/${random.below(99)}\x1b\\${text(random, 2)}\x1b]8;;\x1b\\`)}\r\n`;

/** A full-screen program: boxes drawn anywhere, a status line, a region that scrolls. */
const screen: Scene = (random, { cols, rows }) => {
  const at = () => `\x1b[${1 + random.below(rows)};${1 + random.below(cols)}H`;
  const draws = Array.from({ length: 20 + random.below(60) }, () =>
    random.pick<() => string>([
      () => `${at()}${colour(random)}${text(random, 3)}\x1b[K\x1b[m`,
      () => `${at()}\x1b[${1 + random.below(5)}${random.pick(['@', 'P', 'X', 'L', 'M', 'S', 'T'] as const)}`,
      () => `\x1b[${1 + random.below(rows)};${1 + random.below(rows)}r${at()}\n\n\x1bM\x1bM`,
      () => `\x1b7${at()}${colour(random)}${text(random, 1)}\x1b8`,
      () => `${at()}${'漢字'.repeat(random.below(cols / 2))}`,
      () => `${at()}\x1b[${random.below(3)}J`,
      () => `${at()}${'-'.repeat(cols)}${random.pick(['x', '', '\x1b[m', '\b'] as const)}`,
    ])(),
  );
  const enter = random.pick([
    '\x1b[?1049h\x1b[2J',
    '\x1b[?1047h',
    '\x1b[?47h',
    '\x1b[?1049h\x1b[?1h\x1b=\x1b[?2004h\x1b[?1002;1006h',
  ] as const);
  const leave = random.pick(['\x1b[?1049l', '\x1b[r\x1b[?1049l\x1b[?1l\x1b>\x1b[?2004l\x1b[?1002;1006l', ''] as const);
  return `${enter}${draws.join('')}${leave}`;
};

/** Modes that a program sets and sometimes forgets to reset. */
const habits: Scene = (random) =>
  random.pick<() => string>([
    () => `\x1b[?7l${text(random, 40)}\x1b[?7h\r\n`,
    () => `\x1b[4h${text(random, 3)}\r${text(random, 1)}\x1b[4l\r\n`,
    () => `\x1b[?25l\x1b[${random.below(7)} q${text(random, 2)}\x1b[?25h`,
    () => '\x1b[3g\x1b[9G\x1bH\x1b[17G\x1bH\r\ta\tb\tc\r\n',
    () => '\x1b)0\x0elqqqk\x0f\r\n',
    () => '\x1b[1"qkept\x1b[0"q lost\x1b[?2K\r\n',
    () => '\x1b[!p',
    () => '\x1bc',
    () => '\x1b]0;title\x07\x1b]52;c;YQ==\x07\x1bP$qm\x1b\\\x1b[6n\x1b[c',
    () => `x\x1b[${random.below(200)}b\r\n`,
    () => '\x1b[H\x1b[2J\x1b[3J',
  ])();

const scenes = [log, log, log, plain, plain, progress, table, links, screen, screen, habits] as const;

/** A new size; sometimes a small change, as while a window is dragged. */
function newSize(random: Random, size: { cols: number; rows: number }): { cols: number; rows: number } {
  if (random.below(3) > 0) {
    const nudge = (value: number, least: number, most: number) =>
      Math.max(least, Math.min(most, value + random.below(7) - 3));
    return { cols: nudge(size.cols, 20, 160), rows: nudge(size.rows, 4, 60) };
  }
  return { cols: 20 + random.below(140), rows: 4 + random.below(56) };
}

/** `bytes` of output, cut anywhere into pieces of up to 4 KiB (now and then one byte), with `resizes` between them. */
export function mixedOutput(options: { seed: number; bytes: number; resizes: number }): Recording {
  const start = { cols: 100, rows: 30 };
  function* steps(): Generator<Step> {
    const random = seededRandom(options.seed);
    const encoder = new TextEncoder();
    let size = start;
    let printed = 0;
    let resized = 0;
    while (printed < options.bytes || resized < options.resizes) {
      let scene = encoder.encode(random.pick(scenes)(random, size));
      printed += scene.length;
      while (scene.length > 0) {
        const length = random.below(12) === 0 ? 1 + random.below(3) : 1 + random.below(4096);
        yield { do: 'print', data: scene.subarray(0, length) };
        scene = scene.subarray(length);
        const isDue = resized * options.bytes < printed * options.resizes;
        if (isDue && resized < options.resizes) {
          size = newSize(random, size);
          resized++;
          yield { do: 'resize', ...size };
        }
      }
    }
  }
  return { name: 'mixed', ...start, steps: { [Symbol.iterator]: steps } };
}
