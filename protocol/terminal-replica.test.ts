import { describe, expect, it } from 'vitest';
import { type Emulator, TerminalReplica } from './terminal-replica.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

/** Writes down what it is asked; each write is done when the test says so. */
class Notes implements Emulator {
  readonly lines: string[] = [];
  readonly #waiting: (() => void)[] = [];

  write(data: Uint8Array | string, done?: () => void): void {
    this.lines.push(typeof data === 'string' ? data : new TextDecoder().decode(data));
    this.#waiting.push(() => done?.());
  }

  resize(cols: number, rows: number): void {
    this.lines.push(`${cols}x${rows}`);
  }

  reset(): void {
    this.lines.push('reset');
  }

  finishWrites(): void {
    for (const done of this.#waiting.splice(0)) done();
  }
}

const start = (from: number | null) => {
  const notes = new Notes();
  return { notes, replica: new TerminalReplica({ emulator: notes, from }) };
};

const screen = (offset: number, resizes: number) => ({
  offset,
  resizes,
  cols: 80,
  rows: 24,
  data: bytes(`screen ${offset}`),
});

describe('TerminalReplica', () => {
  it('[TRM5] skips bytes it has, whole or in part', () => {
    const { notes, replica } = start(0);
    replica.output({ offset: 0, data: bytes('abc') });
    replica.output({ offset: 1, data: bytes('bcd') });
    replica.output({ offset: 0, data: bytes('ab') });
    expect(notes.lines).toEqual(['abc', 'd']);
    expect(replica.end).toBe(4);
  });

  it('[TRM5] reports missing bytes and changes nothing', () => {
    const { notes, replica } = start(0);
    replica.output({ offset: 0, data: bytes('abc') });
    expect(replica.output({ offset: 5, data: bytes('f') })).toEqual({ have: 3, got: 5 });
    replica.resized({ n: 1, offset: 9, cols: 90, rows: 30 });
    expect(start(null).replica.output({ offset: 7, data: bytes('x') })).toEqual({ have: 0, got: 7 });
    expect(notes.lines).toEqual(['abc']);
    expect(replica.end).toBe(3);
  });

  it('[TRM4] resizes after exactly the bytes before, and once', () => {
    const { notes, replica } = start(0);
    replica.output({ offset: 0, data: bytes('abc') });
    replica.resized({ n: 1, offset: 3, cols: 90, rows: 30 });
    replica.resized({ n: 1, offset: 3, cols: 90, rows: 30 });
    replica.output({ offset: 3, data: bytes('def') });
    expect(notes.lines).toEqual(['abc']);
    notes.finishWrites();
    expect(notes.lines).toEqual(['abc', '90x30', 'def']);
  });

  it('[TRM4] does not apply a resize that the restored screen has', () => {
    const { notes, replica } = start(null);
    replica.restore(screen(10, 2));
    replica.resized({ n: 2, offset: 10, cols: 80, rows: 24 });
    replica.resized({ n: 3, offset: 10, cols: 99, rows: 24 });
    notes.finishWrites();
    expect(notes.lines).toEqual(['reset', '80x24', 'screen 10', '99x24']);
  });

  it('[TRM3] goes on from a restored screen with the bytes behind it', () => {
    const { notes, replica } = start(null);
    replica.restore(screen(10, 0));
    expect(replica.output({ offset: 8, data: bytes('..xyz') })).toBeNull();
    expect(notes.lines).toEqual(['reset', '80x24', 'screen 10', 'xyz']);
    notes.finishWrites();
    expect(replica.drawn).toBe(13);
  });

  it('[TRM5] ignores a screen older than what it shows', () => {
    const { notes, replica } = start(0);
    replica.output({ offset: 0, data: bytes('abcdef') });
    replica.resized({ n: 1, offset: 6, cols: 90, rows: 30 });
    replica.restore(screen(3, 0));
    replica.restore(screen(6, 0));
    notes.finishWrites();
    expect(notes.lines).toEqual(['abcdef', '90x30']);
  });

  it('[TRM3] lets a screen replace what was not drawn yet', () => {
    const { notes, replica } = start(0);
    replica.output({ offset: 0, data: bytes('abc') });
    replica.resized({ n: 1, offset: 3, cols: 90, rows: 30 });
    replica.output({ offset: 3, data: bytes('never drawn') });
    replica.restore(screen(50, 1));
    notes.finishWrites();
    expect(notes.lines).toEqual(['abc', 'reset', '80x24', 'screen 50']);
    expect(replica.end).toBe(50);
  });
});
