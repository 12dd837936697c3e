/** What is done in an editor and a pager while they are recorded. */
import type { Performance } from './performance.ts';

const words = ['order', 'basket', '漢字', 'naïve', 'price', '→', 'tax', '😀', 'étude', 'ship', 'total', 'item'];
const source = Array.from(
  { length: 400 },
  (_, n) =>
    `export function ${words[n % 6]?.replace(/\W/g, 'x')}${n}(a: number, b = "${words[n % 12]}"): number { // ${words.slice(n % 7).join(' ')}\n\treturn a * ${n} + ${'b.length + '.repeat(n % 9)}0;\n}\n`,
).join('\n');

export const vim: Performance = {
  start: () => ({
    command: ['vim', '-u', 'NONE', '-N', '-c', 'syntax on | set number hlsearch showcmd ruler mouse=a', 'shop.ts'],
    files: { 'shop.ts': source },
    ...{ cols: 100, rows: 30 },
  }),
  async play(it) {
    await it.until(/order0/);
    await it.do('\x06', '\x06', '\x05\x05\x05', 'zz', '/basket\r', 'n', 'n', 'N');
    await it.do('o', 'const 漢字 = "naïve → 😀";', '\x1b', 'yyP', '5p', 'u', 'u', '\x12');
    await it.do('\x16', 'jjjj', 'lllll', 'd', 'ggVGu', 'u', ':vsplit\r', '\x17l', 'G', ':split\r', '\x04');
    it.resize(72, 24);
    await it.do('\x17=', ':set list wrap\r', ':set nowrap\r', '40zl');
    it.resize(130, 40);
    await it.do(':%s/basket/cart/g\r', 'u', ':help\r', '\x06', ':only\r', '\x1b[<0;20;10M\x1b[<0;20;10m');
    await it.do(':!seq 300\r', '\r', ':set spell relativenumber\r', 'gg', '10\x05', ':q!\r');
    await it.quiet();
  },
};

const log = Array.from(
  { length: 900 },
  (_, n) =>
    `\x1b[${31 + (n % 7)}m${String(n).padStart(5, '0')}\x1b[0m \x1b[1;4m${words[n % 12]}\x1b[0m ${'lorem 漢字 ipsum '.repeat(n % 13)}\x1b[48;5;${n % 256}m end \x1b[m\n`,
).join('');

export const less: Performance = {
  start: () => ({
    command: ['less', '-R', '-M', 'shop.log'],
    files: { 'shop.log': log },
    ...{ cols: 90, rows: 28 },
  }),
  async play(it) {
    await it.until(/00001/);
    await it.do(' ', ' ', 'b', 'jjjj', 'kk', 'd', '/ipsum\r', 'n', 'n', '?basket\r', 'N', '-N\r');
    it.resize(61, 20);
    await it.do('-S\r', '\x1b[C', '\x1b[C', '\x1b[D', 'G', 'g', '400g', '&total\r', ' ', '&\r');
    it.resize(140, 45);
    await it.do('h', ' ', 'q', '-S\r', 'G', 'u', 'u', '=', 'v\x03', 'q');
    await it.quiet();
  },
};
