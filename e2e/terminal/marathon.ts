/**
 * Plays a recording to the runner's emulator and to viewers that join at sampled places, and compares every screen
 * with the runner's and with that of a viewer that watched from the start. Knows no PTY and no server.
 */
import unicode11 from '@xterm/addon-unicode11';
import headless from '@xterm/headless';
import { type IdSource, newId } from '#protocol/id.ts';
import { type ExactEmulator, exactEmulator } from '#protocol/terminal-emulator.ts';
import { decodeFrame, encodeFrame, maxOutputBytes, scrollbackLines } from '#protocol/terminal-frame.ts';
import { muteQueries } from '#protocol/terminal-query.ts';
import { TerminalReplica } from '#protocol/terminal-replica.ts';
import { differences } from '#runner/terminal/difference.ts';
import { Emulator } from '#runner/terminal/emulator.ts';
import { type Random, seededRandom } from '../random.ts';
import type { Recording, Step } from './recording.ts';

const ids: IdSource = { now: () => 0, random: (bytes) => void bytes.fill(1) };
const terminalId = newId('terminal', ids);

/** How many pieces of further output a joiner gets before it is compared: from none to a long stretch. */
const stretches = [0, 1, 2, 5, 20, 100, 400] as const;

export interface MarathonResult {
  name: string;
  bytes: number;
  resizes: number;
  joins: number;
  comparisons: number;
  /** Bytes that viewers would have sent to the program. */
  replies: number;
  mismatches: { join: number; at: number; what: string[] }[];
}

/** A viewer as every client makes one, fed through the frames of the protocol. */
class Viewer {
  readonly exact: ExactEmulator;
  readonly #replica: TerminalReplica;
  /** Number of the step after which it is compared and leaves. */
  until: number;
  readonly join: number;
  replies = 0;

  constructor(options: { cols: number; rows: number; from: number | null; join: number; until: number }) {
    const { cols, rows } = options;
    const terminal = new headless.Terminal({
      ...{ cols, rows, scrollback: scrollbackLines, allowProposedApi: true, logLevel: 'off' },
    });
    terminal.loadAddon(new unicode11.Unicode11Addon());
    muteQueries(terminal);
    terminal.onData((data) => {
      this.replies += data.length;
    });
    const exact = exactEmulator(terminal);
    const emulator = {
      write(data: Uint8Array | string, done?: () => void) {
        exact.apply(typeof data === 'string' ? new TextEncoder().encode(data) : data);
        done?.();
      },
      resize: exact.resize,
      reset: exact.reset,
    };
    this.exact = exact;
    this.#replica = new TerminalReplica({ emulator, from: options.from });
    this.join = options.join;
    this.until = options.until;
  }

  receive(bytes: Uint8Array): void {
    const frame = decodeFrame(bytes);
    if (frame.kind === 'snapshot') this.#replica.restore(frame);
    if (frame.kind === 'output' && this.#replica.output(frame)) throw new Error(`gap at ${frame.offset}`);
  }

  resized(marker: { n: number; offset: number; cols: number; rows: number }): void {
    this.#replica.resized(marker);
  }
}

export interface MarathonOptions {
  recording: Recording;
  /** Numbers of the steps after which a viewer joins, ascending. */
  joins: readonly number[];
  seed: number;
}

class Marathon {
  readonly #runner: Emulator;
  readonly #witness: Viewer;
  readonly #random: Random;
  #viewers: Viewer[] = [];
  readonly #result: MarathonResult;

  constructor({ recording, seed }: MarathonOptions) {
    const { name, cols, rows } = recording;
    this.#runner = new Emulator({ cols, rows, onReply: () => undefined });
    this.#witness = new Viewer({ cols, rows, from: 0, join: -1, until: Number.POSITIVE_INFINITY });
    this.#random = seededRandom(seed);
    this.#result = { name, bytes: 0, resizes: 0, joins: 0, comparisons: 0, replies: 0, mismatches: [] };
  }

  run({ recording, joins }: MarathonOptions): MarathonResult {
    let n = 0;
    let next = 0;
    for (const step of recording.steps) {
      const isJoining = joins[next] === n;
      // Half of the joins come in the middle of a piece: a snapshot may be taken at any byte.
      const cut = isJoining && step.do === 'print' ? this.#random.below(step.data.length * 2) : 0;
      if (step.do === 'print' && cut > 0 && cut < step.data.length) {
        this.#play({ do: 'print', data: step.data.subarray(0, cut) });
        this.#admit(n);
        this.#play({ do: 'print', data: step.data.subarray(cut) });
      } else {
        this.#play(step);
        if (isJoining) this.#admit(n);
      }
      while (joins[next] === n) next++;
      this.#dismiss(n);
      n++;
    }
    this.#dismiss(Number.POSITIVE_INFINITY);
    this.#result.replies += this.#witness.replies;
    return this.#result;
  }

  #play(step: Step): void {
    const everybody = [this.#witness, ...this.#viewers];
    if (step.do === 'resize') {
      const { cols, rows } = step;
      this.#runner.resize(cols, rows);
      this.#result.resizes++;
      const marker = { n: this.#runner.resizes, offset: this.#runner.offset, cols, rows };
      for (const viewer of everybody) viewer.resized(marker);
      return;
    }
    for (let at = 0; at < step.data.length; at += maxOutputBytes) {
      const data = step.data.subarray(at, at + maxOutputBytes);
      const frame = encodeFrame({ kind: 'output', terminalId, offset: this.#runner.offset, data });
      this.#runner.write(data);
      for (const viewer of everybody) viewer.receive(frame);
    }
    this.#result.bytes += step.data.length;
  }

  #admit(n: number): void {
    const { offset, resizes, cols, rows } = this.#runner;
    const until = n + this.#random.pick(stretches);
    const viewer = new Viewer({ cols: 80, rows: 24, from: null, join: n, until });
    const screen = {
      kind: 'snapshot',
      terminalId,
      request: 0,
      offset,
      resizes,
      cols,
      rows,
      data: this.#runner.draw(),
    } as const;
    viewer.receive(encodeFrame(screen));
    this.#result.joins++;
    this.#compare(viewer, n);
    this.#viewers.push(viewer);
  }

  #dismiss(n: number): void {
    const leaving = this.#viewers.filter((viewer) => viewer.until <= n);
    if (leaving.length === 0) return;
    this.#viewers = this.#viewers.filter((viewer) => viewer.until > n);
    for (const viewer of leaving) {
      this.#compare(viewer, n);
      this.#result.replies += viewer.replies;
    }
    this.#compare(this.#witness, n);
  }

  #compare(viewer: Viewer, n: number): void {
    this.#result.comparisons++;
    const what = differences(this.#runner.core, viewer.exact.core);
    if (what.length > 0) this.#result.mismatches.push({ join: viewer.join, at: n, what });
  }
}

export const runMarathon = (options: MarathonOptions): MarathonResult => new Marathon(options).run(options);

/** `count` different numbers of steps below `steps`, ascending; all of them when there are fewer. */
export function sampleJoins(steps: number, count: number, seed: number): number[] {
  if (steps <= count) return Array.from({ length: steps }, (_, n) => n);
  const random = seededRandom(seed);
  const chosen = new Set<number>();
  while (chosen.size < count) chosen.add(random.below(steps));
  return [...chosen].sort((a, b) => a - b);
}
