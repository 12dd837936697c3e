// `flood.mjs BYTES_PER_SECOND STOP_FILE COUNT_FILE`: numbered, coloured lines until STOP_FILE exists; then says so and waits.
import { existsSync, writeFileSync } from 'node:fs';

const [, , rate = '200000', stopFile = '', countFile = ''] = process.argv;
const tickMs = 10;
const perTick = (Number(rate) * tickMs) / 1000;
let line = 0;
let written = 0;
let due = 0;

const paint = () =>
  `\x1b[${31 + (line % 7)}m${String(line++).padStart(7, '0')}\x1b[0m \x1b[${line % 2 ? 1 : 2};48;5;${line % 256}m${'chaos '.repeat(3 + (line % 9))}\x1b[0m ✓ 試験 ${'='.repeat(line % 30)}\r\n`;

function tick() {
  if (existsSync(stopFile)) {
    process.stdout.write(`\x1b[7mflood ended after ${line} lines\x1b[0m\r\n`);
    return;
  }
  for (due += perTick; due > 0; ) {
    const text = paint();
    const size = Buffer.byteLength(text);
    due -= size;
    written += size;
    process.stdout.write(text);
  }
  writeFileSync(countFile, String(written));
  setTimeout(tick, tickMs);
}

tick();
setInterval(() => undefined, 60_000);
