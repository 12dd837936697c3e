/**
 * The newest output of one terminal as it goes to viewers: encoded frames and size markers, in order, by absolute index.
 * Knows no sockets.
 */
import type { OutputFrame } from '#protocol/terminal-frame.ts';

export interface OutputEntry {
  kind: 'output';
  offset: number;
  end: number;
  /** The frame as the runner encoded it; viewers get the same bytes. */
  raw: Uint8Array;
}
export interface ResizedEntry {
  kind: 'resized';
  n: number;
  offset: number;
  cols: number;
  rows: number;
}
export type TailEntry = OutputEntry | ResizedEntry;

/** Output kept for viewers that join or lag, in bytes. More than twice what a viewer may be behind. */
const maxTailBytes = 4 * 1024 * 1024;
/** What a size marker counts as: a program that is only resized must not fill the memory, in bytes. */
const markerBytes = 64;

export class OutputTail {
  #entries: TailEntry[] = [];
  /** Absolute index of `#entries[#head]`. */
  #first = 0;
  #head = 0;
  #sizeBytes = 0;
  #end: number;

  constructor(end: number) {
    this.#end = end;
  }

  /** End of the output seen, in bytes. */
  get end(): number {
    return this.#end;
  }

  /** Oldest output byte still held. */
  get start(): number {
    const oldest = this.#entries[this.#head];
    return oldest ? oldest.offset : this.#end;
  }

  /** Absolute index after the newest entry. */
  get next(): number {
    return this.#first + this.#entries.length - this.#head;
  }

  /** The entry at an absolute index; undefined when it is evicted or not there yet. */
  at(index: number): TailEntry | undefined {
    return index < this.#first ? undefined : this.#entries[this.#head + index - this.#first];
  }

  isEvicted(index: number): boolean {
    return index < this.#first;
  }

  output(frame: OutputFrame, raw: Uint8Array): void {
    const end = frame.offset + frame.data.length;
    this.#end = end;
    this.#entries.push({ kind: 'output', offset: frame.offset, end, raw });
    this.#grow(raw.length);
  }

  resized(entry: Omit<ResizedEntry, 'kind'>): void {
    this.#entries.push({ kind: 'resized', ...entry });
    this.#grow(markerBytes);
  }

  #grow(bytes: number): void {
    this.#sizeBytes += bytes;
    while (this.#sizeBytes > maxTailBytes) this.#evict();
  }

  /** Forgets everything and goes on at `end`: what came before is no longer contiguous. */
  restart(end: number): void {
    this.#first = this.next;
    this.#entries = [];
    this.#head = 0;
    this.#sizeBytes = 0;
    this.#end = end;
  }

  /** Index of the first entry that holds something after `offset`, or null when bytes after it are evicted. */
  indexAfter(offset: number): number | null {
    if (offset < this.start) return null;
    for (let index = this.next; index > this.#first; index--) {
      const entry = this.at(index - 1);
      if (entry?.kind === 'output' && entry.end <= offset) return index;
      if (entry?.kind === 'resized' && entry.offset < offset) return index;
    }
    return this.#first;
  }

  #evict(): void {
    const oldest = this.#entries[this.#head++];
    this.#first++;
    if (oldest) this.#sizeBytes -= oldest.kind === 'output' ? oldest.raw.length : markerBytes;
    if (this.#head > 1024 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }
}
