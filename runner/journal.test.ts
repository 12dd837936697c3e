import { readFileSync } from 'node:fs';
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Journal, type JournalEvent } from './journal.ts';

let folder: string;
let path: string;
let open: Journal[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omnigent-journal-'));
  path = join(folder, 'journal.jsonl');
  open = [];
});

afterEach(async () => {
  await Promise.all(open.map((journal) => journal.close()));
  await rm(folder, { recursive: true, force: true });
});

async function openJournal(onAdded: (journal: Journal) => void = () => undefined): Promise<Journal> {
  const journal = await Journal.open({
    path,
    onAdded: () => onAdded(journal),
    onFailed: (cause) => {
      throw cause;
    },
  });
  open.push(journal);
  return journal;
}

/** As kill -9 leaves it: nothing of the journal in memory survives. */
async function reopen(journal: Journal): Promise<Journal> {
  await journal.settled();
  return openJournal();
}

const failed = (reason: string): JournalEvent['event'] => ({ type: 'session.failed', payload: { reason } });
const numbers = (events: readonly JournalEvent[]): number[] => events.map(({ n }) => n);

describe('journal', () => {
  it('[RUN1] an event is handed on at once, in order, and is in the file soon after', async () => {
    const seen: number[] = [];
    const journal = await openJournal(({ waiting }) => seen.push(waiting.at(-1)?.n ?? 0));
    for (let i = 0; i < 20; i++) journal.add(failed(`reason ${i}`));
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(numbers(journal.waiting)).toEqual(seen);
    await journal.settled();
    const text = readFileSync(path, 'utf8');
    for (const n of seen) expect(text).toContain(`{"n":${n},`);
  });

  it('events that can wait are handed on with the next one that cannot, or after a moment', async () => {
    const seen: number[] = [];
    const journal = await openJournal(({ waiting }) => seen.push(waiting.length));
    journal.add(failed('one'), true);
    journal.add(failed('two'), true);
    expect(seen).toEqual([]);
    journal.add(failed('three'));
    expect(seen).toEqual([3]);
    journal.add(failed('four'), true);
    await expect.poll(() => seen).toEqual([3, 4]);
    expect(seen).toEqual([3, 4]);
  });

  it('[RUN2] a successor goes on with the same journal and waiting events', async () => {
    const journal = await openJournal();
    for (let i = 0; i < 5; i++) journal.add(failed(`reason ${i}`));
    await journal.settled();
    journal.ack(2);
    const next = await reopen(journal);
    expect(next.id).toBe(journal.id);
    expect(numbers(next.waiting)).toEqual([3, 4, 5]);
    next.add(failed('later'));
    await next.settled();
    expect(numbers(next.waiting).slice(0, 3)).toEqual([3, 4, 5]);
    expect(next.waiting[3]?.event).toEqual(failed('later'));
  });

  it('[RUN21] a successor uses no number that a killed runner may have sent', async () => {
    const journal = await openJournal();
    journal.add(failed('one'));
    await journal.settled();
    journal.ack(1);
    const used = new Set([1]);
    // Each one is killed between the sending and the writing of its event: its file knows nothing of it.
    for (let round = 0; round < 3; round++) {
      const next = await openJournal();
      const opened = await readFile(path);
      next.add(failed('sent'));
      const n = next.waiting.at(-1)?.n ?? 0;
      expect(used).not.toContain(n);
      used.add(n);
      await next.settled();
      await writeFile(path, opened);
    }
  });

  it('[RUN2] an ack that arrives while another is being written is kept too', async () => {
    const journal = await openJournal();
    for (const reason of ['one', 'two', 'three']) journal.add(failed(reason));
    await journal.settled();
    for (const n of [1, 2, 3]) journal.ack(n);
    expect(numbers((await reopen(journal)).waiting)).toEqual([]);
  });

  it('an ack may repeat, and an older one changes nothing', async () => {
    const journal = await openJournal();
    for (let i = 0; i < 4; i++) journal.add(failed(`reason ${i}`));
    await journal.settled();
    journal.ack(3);
    journal.ack(3);
    journal.ack(1);
    expect(numbers(journal.waiting)).toEqual([4]);
    expect(numbers((await reopen(journal)).waiting)).toEqual([4]);
  });

  it('a torn last line is dropped', async () => {
    const journal = await openJournal();
    journal.add(failed('whole'));
    await journal.settled();
    await appendFile(path, '{"n":2,"event":{"type":"session.fai');
    const next = await openJournal();
    expect(numbers(next.waiting)).toEqual([1]);
    next.add(failed('again'));
    await next.settled();
    expect((await reopen(next)).waiting.map(({ event }) => event)).toEqual([failed('whole'), failed('again')]);
  });

  it('a damaged file is put aside and a journal of another name begins', async () => {
    const journal = await openJournal();
    journal.add(failed('whole'));
    await journal.settled();
    await writeFile(path, (await readFile(path, 'utf8')).replace('{"n":1', '\0\0\0\0\0\0'));
    const next = await openJournal();
    expect(next.id).not.toBe(journal.id);
    expect(next.waiting).toEqual([]);
    expect((await stat(`${path}.damaged`)).isFile()).toBe(true);
  });

  it('acked entries are dropped from a file that has grown large, and nothing else', async () => {
    const journal = await openJournal();
    const long = 'x'.repeat(20_000);
    for (let i = 0; i < 60; i++) {
      journal.add(failed(long));
      await journal.settled();
      if (i < 50) journal.ack(i + 1);
    }
    await journal.settled();
    expect((await stat(path)).size).toBeLessThan(600_000);
    const next = await reopen(journal);
    expect(next.id).toBe(journal.id);
    expect(numbers(next.waiting)).toEqual([51, 52, 53, 54, 55, 56, 57, 58, 59, 60]);
  });

  it('events added while the file is rewritten are neither lost nor doubled', async () => {
    const handed: number[] = [];
    const journal = await openJournal(({ waiting }) => handed.push(waiting.at(-1)?.n ?? 0));
    const long = 'x'.repeat(30_000);
    for (let i = 0; i < 100; i++) {
      journal.add(failed(long));
      if (i % 7 === 0) await Promise.resolve();
      if (i % 10 === 9) journal.ack(i - 5);
    }
    await journal.settled();
    expect(handed).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(numbers((await reopen(journal)).waiting)).toEqual([95, 96, 97, 98, 99, 100]);
  });

  it('[RUN3] a disk that refuses is told once, and nothing is handed on after it', async () => {
    const failures: unknown[] = [];
    let handed = 0;
    const journal = await Journal.open({
      path,
      onAdded: () => handed++,
      onFailed: (cause) => failures.push(cause),
    });
    await journal.close();
    journal.add(failed('while it refuses'));
    await journal.settled();
    journal.add(failed('too late'));
    await journal.settled();
    expect(failures).toHaveLength(1);
    expect(handed).toBe(1);
  });

  it('only its owner can read it', async () => {
    await openJournal();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });
});
