import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openTestDatabase, type TestDatabase } from '#db/testing.ts';
import type { TerminalId } from '#protocol/id.ts';
import { newSessionId, newTerminalId } from '#server/session/testing.ts';
import { Recorder } from './recorder.ts';
import { RecordingStore, type StoredRow } from './recording-store.ts';
import type { Screen } from './screen.ts';

const mib = 1024 * 1024;
let database: TestDatabase;
let terminalId: TerminalId;
let store: RecordingStore;
let recorder: Recorder;
let stored: number[];
let asked: number;
let notes: string[];
/** Set: the database refuses. */
let refusal: Error | null;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

/** The real store, which can be told to fail as a database that is away does. */
class FailingStore extends RecordingStore {
  override async add(rows: StoredRow[]): Promise<void> {
    if (refusal) throw refusal;
    await super.add(rows);
  }
}

async function open(): Promise<Recorder> {
  store = new FailingStore({ sql: database.sql, sessionId: newSessionId(), terminalId, now: () => Date.now() });
  return new Recorder({
    store,
    end: await store.end(),
    cols: 80,
    rows: 24,
    askScreen: () => void asked++,
    onStored: (offset) => stored.push(offset),
    note: (line) => notes.push(line),
  });
}

/** The recorder's own timers are driven by hand; those of the database client keep running. */
let due: (() => void)[];
beforeEach(async () => {
  [stored, notes, asked, refusal, due] = [[], [], 0, null, []];
  terminalId = newTerminalId();
  recorder = await open();
  const real = globalThis.setTimeout;
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((work: () => void, ms?: number) => {
    if (ms !== 1_000) return real(work, ms);
    due.push(work);
    return due.length;
  }) as typeof setTimeout);
});

const windowEnds = () => due.splice(0).forEach((work) => void work());

/** The window ends; resolves when what was accepted is stored. */
async function tick(): Promise<void> {
  windowEnds();
  await recorder.flush();
}

function print(text: string | number): void {
  const data = Buffer.from(typeof text === 'number' ? 'x'.repeat(text) : text);
  recorder.output({ offset: recorder.end, data });
}

const screen = (offset: number, text: string): Screen => ({
  ...{ terminalId, offset, cols: 80, rows: 24, resizes: 0 },
  data: Buffer.from(text),
});

async function page(before: number | null = null) {
  const { screen: keyframe, pieces, before: next } = await store.page(before);
  const text = (data: string) => Buffer.from(data, 'base64').toString();
  const shown = pieces.map(({ kind, from, to, data }) => (kind === 'gap' ? `gap ${from}-${to}` : text(data)));
  return { keyframe: keyframe && `${text(keyframe.data)}@${keyframe.offset}`, shown, next };
}

/** Every page from the newest to the oldest, put together. */
async function pages(): Promise<{ count: number; pieces: string[] }> {
  const pieces: string[] = [];
  let at: number | null = null;
  for (let count = 1; count < 500; count++) {
    const { shown, next } = await page(at);
    pieces.unshift(...shown);
    if (next === null) return { count, pieces };
    at = next;
  }
  throw new Error('pages without end');
}

describe('recording of a terminal', () => {
  it('[SRV31] output is stored within a second, in order, and the runner may then forget it', async () => {
    for (const word of ['one ', 'two ', 'three']) print(word);
    expect(stored).toEqual([]);
    await tick();
    expect(stored).toEqual([13]);
    expect((await page()).shown.join('')).toBe('one two three');
  });

  it('a successor goes on where the stored recording ends, and what comes twice is kept once', async () => {
    print('one ');
    await tick();
    recorder = await open();
    expect(recorder.end).toBe(4);
    recorder.output({ offset: 0, data: Buffer.from('one two') });
    recorder.output({ offset: 4, data: Buffer.from('two') });
    await tick();
    expect((await page()).shown.join('')).toBe('one two');
  });

  it('[SRV32] above 1 MiB a second there is a gap, shown as one, with a screen to stand for it', async () => {
    for (let i = 0; i < 48; i++) print(64 * 1024);
    await tick();
    expect(asked).toBe(1);
    recorder.screen(screen(recorder.end, 'after the flood'));
    print('quiet');
    await tick();
    const { keyframe, shown, next } = await page();
    expect(keyframe).toBe(`after the flood@${3 * mib}`);
    expect(shown).toEqual(['quiet']);
    const older = await page(next);
    expect(older.shown.at(-1)).toMatch(/^gap \d+-3145728$/);
    expect(older.shown.slice(0, -1).join('')).toMatch(/^x*$/);
  });

  it('a gap of the runner is a gap of the recording', async () => {
    print('before');
    recorder.gap(1_000);
    recorder.output({ offset: 1_000, data: Buffer.from('after') });
    await tick();
    const newest = await page();
    expect(newest.shown).toEqual(['after']);
    expect((await page(newest.next)).shown).toEqual(['before', 'gap 6-1000']);
    expect(asked).toBe(1);
  });

  it('a screen is kept where one is due, also one that is ahead of the output', async () => {
    print(600 * 1024);
    await tick();
    recorder.screen(screen(600 * 1024 + 4, 'ahead'));
    await tick();
    expect(stored).toEqual([600 * 1024]);
    print('1234567');
    print(600 * 1024);
    await tick();
    const { keyframe, shown, next } = await page();
    expect(keyframe).toBe(`ahead@${600 * 1024 + 4}`);
    expect(shown.join('').slice(0, 5)).toBe('567xx');
    expect((await page(next)).shown.join('').slice(-5)).toBe('x1234');
    recorder.screen(screen(recorder.end, 'due again'));
    recorder.screen(screen(recorder.end, 'not due'));
    await tick();
    expect((await page()).keyframe).toBe(keyframe);
  });

  it('the last known screen is the newest keyframe and what follows it without a gap, in the sizes it was printed for', async () => {
    print(600 * 1024);
    await tick();
    recorder.screen(screen(recorder.end, 'screen'));
    print(' one');
    recorder.resized({ cols: 100, rows: 30 });
    print(' two');
    recorder.gap(recorder.end + 10);
    print('beyond');
    await tick();
    const last = await store.last();
    expect(Buffer.from(last.screen?.data ?? '').toString()).toBe('screen');
    expect(last.output.map(({ data, cols }) => `${Buffer.from(data)} ${cols}`)).toEqual([' one 80', ' two 100']);
  });

  it('[SRV33] while the database is away output is kept and stored later, in bounds', async () => {
    refusal = Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
    print('kept');
    windowEnds();
    await expect(recorder.flush()).rejects.toThrow('away');
    for (let second = 0; second < 12; second++) {
      for (let i = 0; i < 15; i++) print(64 * 1024);
      windowEnds();
      recorder.screen(screen(recorder.end, 'y'.repeat(100_000)));
      await recorder.flush().catch(() => undefined);
    }
    expect(notes.join()).toContain('away');
    expect(stored).toEqual([]);
    refusal = null;
    await tick();
    expect(stored).toEqual([recorder.end]);
    const { pieces } = await pages();
    expect(pieces[0]?.startsWith('kept')).toBe(true);
    expect(pieces.some((piece) => piece.startsWith('gap'))).toBe(true);
    expect(pieces.join('').length).toBeLessThan(6 * mib);
  });

  it('the last screen of an ended program is stored, also of one that printed nothing', async () => {
    await recorder.finish(screen(0, 'nothing'));
    expect(stored).toEqual([0]);
    expect(Buffer.from((await store.last()).screen?.data ?? '').toString()).toBe('nothing');
  });

  it('[SRV34] pages lead from the newest output to the oldest without a byte missing or doubled', async () => {
    const text = Array.from({ length: 40 }, (_, i) => String(i).padStart(2, '0').repeat(20_000));
    for (const [i, part] of text.entries()) {
      print(part);
      windowEnds();
      if (i % 9 === 4) recorder.screen(screen(recorder.end - 1_234, `screen ${i}`));
    }
    await tick();
    const { count, pieces } = await pages();
    expect(count).toBeGreaterThan(1);
    expect(pieces.join('') === text.join('')).toBe(true);
  });

  it('[SRV34] what a killed server had sent and is committed late leaves no hole and comes once', async () => {
    print('begun');
    await tick();
    const before = store;
    const next = await open();
    const row = (from: number, data: string): StoredRow => {
      const bytes = Buffer.from(data);
      return { kind: 'raw', from, to: from + bytes.length, cols: 80, rows: 24, data: bytes };
    };
    await before.add([row(5, ' one')]);
    for (const part of [' one two', ' three']) {
      next.output({ offset: next.end, data: Buffer.from(part) });
      await next.flush();
    }
    const text = async () => {
      const { pieces } = await store.page(null);
      return pieces.map(({ data }) => Buffer.from(data, 'base64').toString()).join('');
    };
    expect(await text()).toBe('begun one two three');
    await before.add([row(9, ' two thr')]);
    next.screen(screen(next.end, 'a'));
    next.screen(screen(next.end, 'b'));
    await next.flush();
    expect(await text()).toBe('begun one two three');
  });

  it('one terminal keeps at most 64 MiB; the oldest goes first', async () => {
    const noise = () => Buffer.from(crypto.getRandomValues(new Uint8Array(65_536)));
    const rows = (first: number): StoredRow[] =>
      Array.from({ length: 160 }, (_, i) => {
        const from = (first + i) * 65_536;
        return { kind: 'raw', from, to: from + 65_536, cols: 80, rows: 24, data: noise() };
      });
    for (let first = 0; first < 1_120; first += 160) await store.add(rows(first));
    const [kept] = await database.sql`select sum(length(data))::float8 as bytes, min(from_offset)::float8 as oldest,
      max(to_offset)::float8 as newest from recordings where terminal_id = ${terminalId}`;
    expect(kept?.bytes).toBeLessThanOrEqual(64 * mib);
    expect(kept?.oldest).toBeGreaterThan(0);
    expect(kept?.newest).toBe(1_120 * 65_536);
    // 70 MiB of noise through a real database: half a minute where other tests run beside it.
  }, 60_000);
});
