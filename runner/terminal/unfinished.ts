/**
 * Keeps the bytes of a control sequence that output began and did not end, so that a snapshot can end in the middle
 * of it. Knows the emulator only by the state of its parser.
 */

/** States of xterm.js' parser in which a control character is executed and the sequence goes on. */
const executing = new Set([1, 2, 3, 4, 5, 6]);
const stringIgnored = 7;
/** Payload of such a string (APC, PM, SOS) has no effect, so any of them stands for all. */
const ignoredStart = new Uint8Array([0x1b, 0x5f]);
/** Longer sequences are ignored by every emulator, so the rest of one need not be known. */
const maxBytes = 64 * 1024;
/** Second bytes of the C1 controls that begin a sequence, in UTF-8 after 0xC2. */
const c1Starts = new Set([0x90, 0x98, 0x9b, 0x9d, 0x9e, 0x9f]);

/** Where the last sequence of `data` begins; -1 when none does. */
function lastStart(data: Uint8Array): number {
  for (let i = data.length - 1; i >= 0; i--) {
    const byte = data[i] ?? 0;
    if (byte === 0x1b) return i;
    if (byte === 0xc2 && c1Starts.has(data[i + 1] ?? 0)) return i;
  }
  return -1;
}

/** From `start` on, without the controls that were executed; -1 is a sequence that began earlier. */
const withoutControls = (data: Uint8Array, start: number): Uint8Array =>
  data.subarray(Math.max(0, start)).filter((byte, i) => byte >= 0x20 || (start >= 0 && i === 0));

export class Unfinished {
  #bytes: Uint8Array = new Uint8Array(0);

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** `data` was parsed and left the parser in `state`; 0 is between sequences. */
  parsed(data: Uint8Array, state: number): void {
    if (state === 0) {
      if (this.#bytes.length > 0) this.#bytes = new Uint8Array(0);
      return;
    }
    if (state === stringIgnored) {
      this.#bytes = ignoredStart;
      return;
    }
    const start = lastStart(data);
    const begun = start < 0 ? this.#bytes : new Uint8Array(0);
    const fresh = executing.has(state) ? withoutControls(data, start) : data.subarray(Math.max(0, start));
    const room = Math.max(0, maxBytes - begun.length);
    const bytes = new Uint8Array(begun.length + Math.min(room, fresh.length));
    bytes.set(begun);
    bytes.set(fresh.subarray(0, room), begun.length);
    this.#bytes = bytes;
  }
}
