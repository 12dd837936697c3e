/** Answers the queries that xterm.js leaves open, so that programs learn what they draw on. Knows no program. */
import type { Terminal } from '@xterm/headless';
import { coreOf } from '#protocol/xterm-core.ts';
import { boundedDeviceString, boundedString, maxQuestionLength } from '#protocol/xterm-limit.ts';

/** Colours every program is told of, whatever theme a viewer has: light text on dark. */
const palette = [
  '000000 cd3131 0dbc79 e5e510 2472c8 bc3fbc 11a8cd e5e5e5',
  '666666 f14c4c 23d18b f5f543 3b8eea d670d6 29b8db ffffff',
].flatMap((row) => row.split(' '));
const foreground = 'e6e6e6';
const background = '101014';
/** Pixels of a cell, for programs that scale pictures. */
const cell = { width: 8, height: 16 };
const version = 'omnigent';

/** `rgb:` with 16 bits a channel, as xterm reports it. */
const rgb = (hex: string): string => `rgb:${[0, 2, 4].map((at) => hex.slice(at, at + 2).repeat(2)).join('/')}`;

/** Colour 16 to 255 of the usual cube and greys. */
function indexed(index: number): string {
  const named = palette[index];
  if (named !== undefined) return named;
  const hex = (level: number) => level.toString(16).padStart(2, '0');
  if (index >= 232) return hex(8 + (index - 232) * 10).repeat(3);
  const level = (step: number) => hex(step === 0 ? 0 : 55 + step * 40);
  const cube = index - 16;
  return level(Math.floor(cube / 36)) + level(Math.floor(cube / 6) % 6) + level(cube % 6);
}

type Reply = (text: string) => void;

function answerReports(terminal: Terminal, reply: Reply): void {
  const { parser } = terminal;
  const answer = (id: Parameters<typeof parser.registerCsiHandler>[0], text: (first: number) => string | null) =>
    parser.registerCsiHandler(id, (params) => {
      const told = text(typeof params[0] === 'number' ? params[0] : 0);
      if (told !== null) reply(told);
      return told !== null;
    });
  answer({ prefix: '>', final: 'q' }, () => `\x1bP>|${version}\x1b\\`);
  answer({ prefix: '=', final: 'c' }, () => '\x1bP!|00000000\x1b\\');
  answer({ prefix: '?', final: 'n' }, (first) => (first === 996 ? '\x1b[?997;1n' : null));
  answer({ final: 't' }, (first) => {
    const { cols, rows } = terminal;
    if (first === 11) return '\x1b[1t';
    if (first === 13) return '\x1b[3;0;0t';
    if (first === 14) return `\x1b[4;${rows * cell.height};${cols * cell.width}t`;
    if (first === 16) return `\x1b[6;${cell.height};${cell.width}t`;
    if (first === 18) return `\x1b[8;${rows};${cols}t`;
    if (first === 19) return `\x1b[9;${rows};${cols}t`;
    if (first === 20) return '\x1b]L\x1b\\';
    return first === 21 ? '\x1b]l\x1b\\' : null;
  });
  const input = coreOf(terminal)._inputHandler;
  input._parser.registerDcsHandler(
    { intermediates: '$', final: 'q' },
    boundedDeviceString(maxQuestionLength, (asked, params) => input.requestStatusString(asked ?? '', params)),
  );
  input._parser.registerDcsHandler(
    { intermediates: '+', final: 'q' },
    boundedDeviceString(maxQuestionLength, () => reply('\x1bP0+r\x1b\\')),
  );
}

function answerColours(terminal: Terminal, reply: Reply): void {
  const { _parser: parser } = coreOf(terminal)._inputHandler;
  const answer = (id: number, tell: (asked: string) => void) =>
    parser.registerOscHandler(
      id,
      boundedString(maxQuestionLength, (asked) => tell(asked ?? '')),
    );
  answer(4, (asked) => {
    const slots = asked.split(';').slice(0, 32);
    for (let i = 0; i + 1 < slots.length; i += 2) {
      const index = Number(slots[i]);
      const isAsked = slots[i + 1] === '?' && Number.isInteger(index) && index >= 0 && index < 256;
      if (isAsked) reply(`\x1b]4;${index};${rgb(indexed(index))}\x1b\\`);
    }
  });
  const specials = [foreground, background, foreground];
  for (const [at] of specials.entries()) {
    answer(10 + at, (asked) => {
      for (const [i, slot] of asked.split(';', 3).entries()) {
        const colour = specials[at + i];
        if (slot === '?' && colour) reply(`\x1b]${10 + at + i};${rgb(colour)}\x1b\\`);
      }
    });
  }
}

/** Window, colour, version and setting reports; device attributes, status and modes xterm.js reports itself. */
export function answerQueries(terminal: Terminal, reply: Reply): void {
  answerReports(terminal, reply);
  answerColours(terminal, reply);
}
