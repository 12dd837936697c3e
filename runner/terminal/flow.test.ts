/** What happens to output that comes faster than it can be drawn, and to output that is kept to be read again. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differences } from './difference.ts';
import { Emulator } from './emulator.ts';
import { OutputRing } from './output-ring.ts';
import { ReplyLimit } from './reply-limit.ts';
import { ScreenFeed } from './screen-feed.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const openEmulator = () => new Emulator({ cols: 60, rows: 20, onReply: () => undefined });

describe('a flood', () => {
  it('[TRM10] pauses its program above 512 KiB waiting, and lets it go on once the screen has caught up', async () => {
    const pauses: boolean[] = [];
    const feed = new ScreenFeed({
      now: () => performance.now(),
      onPause: (isPaused) => pauses.push(isPaused),
      onApplied: () => undefined,
    });
    const piece = bytes('\x1b[Hx'.repeat(8 * 1024));
    for (let sent = 0; sent < 512 * 1024; sent += piece.length) feed.write(piece);
    expect(pauses).toEqual([]);
    feed.write(piece);
    expect(pauses).toEqual([true]);
    feed.start(openEmulator());
    await feed.settled();
    expect(pauses).toEqual([true, false]);
  });

  const line = fc
    .array(
      fc.constantFrom(
        'word ',
        '漢字',
        '\x1b[31m',
        '\x1b[0;44m',
        '\x1b[m',
        'e\u0301',
        '\t',
        'x'.repeat(70),
        '\x1b[4:3m',
      ),
      { maxLength: 8 },
    )
    .map((parts) => `${parts.join('')}\r\n`);
  const block = fc.array(line, { minLength: 20, maxLength: 40 }).map((lines) => lines.join(''));
  const odd = fc.constantFrom('', '\x1b[5;9r', '\x1b[?1049h', '\x1b]8;;http://example.com\x1b\\', '\x1b[', '\x1b[?7l');

  it('[TRM11] that is skimmed leaves the same screen as one that is drawn', async () => {
    let skims = 0;
    const property = fc.asyncProperty(block, odd, odd, block, async (first, before, within, last) => {
      const text = bytes(before + first.repeat(80) + within + last.repeat(80));
      const [drawn, skimmed] = [openEmulator(), openEmulator()];
      for (let at = 0; at < text.length; at += 10_000) drawn.write(text.subarray(at, at + 10_000));
      const skim = skimmed.skim.bind(skimmed);
      skimmed.skim = (data) => {
        const count = skim(data);
        if (count > 0) skims++;
        return count;
      };
      const feed = new ScreenFeed({
        now: () => performance.now(),
        onPause: () => undefined,
        onApplied: () => undefined,
      });
      for (let at = 0; at < text.length; at += 10_000) feed.write(text.subarray(at, at + 10_000));
      feed.start(skimmed);
      await feed.settled();
      expect(differences(drawn.core, skimmed.core)).toEqual([]);
      expect(skimmed.offset).toBe(text.length);
    });
    await fc.assert(property, { seed: 1, numRuns: 12, interruptAfterTimeLimit: 15_000 });
    // How often depends on how busy the machine is.
    expect(skims).toBeGreaterThan(0);
  });
});

describe('kept output', () => {
  const mega = 1024 * 1024;
  /** Every byte says where it stands. */
  const numbered = (from: number, length: number) => Uint8Array.from({ length }, (_, n) => ((from + n) * 31) & 0xff);

  it('[TRM12] is the newest 4 MiB, readable from any offset', () => {
    const ring = new OutputRing();
    const [size, piece] = [6 * mega, 50_001];
    for (let at = 0; at < size; at += piece) ring.append(numbered(at, Math.min(piece, size - at)));
    expect(ring.end).toBe(size);
    expect(ring.end - ring.start).toBeGreaterThanOrEqual(4 * mega);
    expect(ring.end - ring.start).toBeLessThanOrEqual(4 * mega + 64 * 1024);
    for (let at = ring.start; at < ring.end; ) {
      const read = ring.read(at, 10_007);
      expect(Buffer.compare(read, numbered(at, read.length))).toBe(0);
      expect(read.length).toBeGreaterThan(0);
      at += read.length;
    }
    expect(ring.read(ring.start - 1, 10)).toHaveLength(0);
    expect(ring.read(ring.end, 10)).toHaveLength(0);
  });

  it('[TRM12] lets go of what is stored elsewhere and keeps the rest', () => {
    const ring = new OutputRing();
    ring.append(numbered(0, mega));
    ring.release(mega / 2 + 5);
    expect(ring.start).toBe(mega / 2);
    expect(Buffer.compare(ring.read(mega / 2 + 5, 100), numbered(mega / 2 + 5, 100))).toBe(0);
    ring.release(2 * mega);
    expect(ring.start).toBe(ring.end);
    ring.append(numbered(mega, 10));
    expect(Buffer.compare(ring.read(mega, 100), numbered(mega, 10))).toBe(0);
  });
});

describe('answers to a program', () => {
  it('[TRM6] are whole and at most 4 KiB in 100 ms, however much it asks', () => {
    let now = 0;
    const sent: string[] = [];
    const limit = new ReplyLimit({ now: () => now, send: (data) => sent.push(Buffer.from(data).toString()) });
    const emulator = new Emulator({ cols: 80, rows: 24, onReply: (text) => limit.reply(text) });
    const flood = bytes('\x1b[c\x1b[6n\x1b[>q'.repeat(10_000));
    emulator.write(flood);
    expect(sent.join('').length).toBeLessThanOrEqual(4096);
    expect(sent.join('').length).toBeGreaterThan(4000);
    now = 100;
    emulator.write(flood);
    expect(sent.join('').length).toBeLessThanOrEqual(8192);
    for (const reply of sent)
      expect(reply.replaceAll('\x1b', '^')).toMatch(/^\^(\[\?[\d;]+c|\[\d+;\d+R|P>\|omnigent\^\\)$/);
  });
});
