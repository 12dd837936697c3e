/**
 * One terminal on the server: its newest output, its viewers, its screen cache and its link to the runner.
 * Knows neither who may drive (driver.ts) nor how output is stored (recorder.ts).
 */
import type { ClientId, SessionId, TerminalId } from '#protocol/id.ts';
import type { InputFrame, OutputFrame } from '#protocol/terminal-frame.ts';
import type { ToViewer } from '#protocol/viewer-message.ts';
import type { Person } from '#server/auth/index.ts';
import type { RunnerLink } from '#server/runner/index.ts';
import { InputHold } from './input-hold.ts';
import type { Recorder } from './recorder.ts';
import type { Screen } from './screen.ts';
import { OutputTail } from './tail.ts';
import { Viewer, type ViewerSocket } from './viewer.ts';

/** A screen this close behind the newest output is sent to further viewers too. */
const freshScreenBytes = 128 * 1024;
/** A dragged window edge asks for hundreds of sizes; of those asked for within this time only the newest is sent, in ms. */
const resizeEveryMs = 50;
/** After the runner failed to give a screen, it is asked again, in ms. */
const retryMs = 250;

export class TerminalFeed {
  readonly terminalId: TerminalId;
  readonly sessionId: SessionId;
  readonly viewers = new Set<Viewer>();
  readonly recorder: Recorder;
  cols: number;
  rows: number;
  /** False once the program has ended. */
  isRunning = true;
  #link: RunnerLink | null = null;
  #tail: OutputTail;
  #screen: Screen | null = null;
  #screenRequest: Promise<Screen> | null = null;
  #retry: NodeJS.Timeout | null = null;
  /** The size that was asked for and is not confirmed yet. */
  #asked: { cols: number; rows: number } | null = null;
  /** The size sent last, while others wait for the next turn. */
  #sentSize: { cols: number; rows: number } | null = null;
  #resizeTurn: NodeJS.Timeout | null = null;
  readonly #hold = new InputHold();
  /** Those who wait for the output to reach an offset. */
  #waiting: { offset: number; tell: (isReached: boolean) => void }[] = [];
  readonly #now: () => number;
  readonly #note: (line: string) => void;

  constructor(options: {
    terminalId: TerminalId;
    sessionId: SessionId;
    recorder: Recorder;
    cols: number;
    rows: number;
    now: () => number;
    note: (line: string) => void;
  }) {
    this.terminalId = options.terminalId;
    this.sessionId = options.sessionId;
    this.recorder = options.recorder;
    this.cols = options.cols;
    this.rows = options.rows;
    this.#tail = new OutputTail(options.recorder.end);
    this.#now = options.now;
    this.#note = options.note;
  }

  get isLive(): boolean {
    return this.#link !== null;
  }

  get end(): number {
    return this.#tail.end;
  }

  /** A runner link carries this terminal from now on, with output from `from`. What viewers hold may not fit: new screens. */
  link(link: RunnerLink, from: number): void {
    this.#link = link;
    this.#screen = null;
    if (from !== this.#tail.end) this.#tail.restart(from);
    for (const viewer of this.viewers) viewer.desynchronise();
    this.#sendSize();
    const { raws, givenUp } = this.#hold.resend(this.#now());
    for (const raw of raws) link.sendInput(raw);
    for (const { clientId, n } of givenUp) this.#tellClient(clientId, { type: 'input-refused', n, drives: null });
    this.pump();
  }

  /** Nothing carries it any more: whoever has no screen gets the stored one. */
  unlink(): void {
    this.#link = null;
    for (const { tell } of this.#waiting.splice(0)) tell(false);
    for (const viewer of this.viewers) if (viewer.needsScreen) void this.#showStored(viewer, null);
  }

  /** Resolves when the output has reached `offset`; false when the link broke before. */
  reached(offset: number): Promise<boolean> {
    if (this.#tail.end >= offset) return Promise.resolve(true);
    if (!this.#link) return Promise.resolve(false);
    return new Promise((tell) => this.#waiting.push({ offset, tell }));
  }

  isLinkedBy(link: RunnerLink): boolean {
    return this.#link === link;
  }

  /** Output up to `offset` is in the recording. */
  stored(offset: number): void {
    this.#link?.send({ type: 'terminal.recorded', terminalId: this.terminalId, offset });
  }

  output(frame: OutputFrame, raw: Uint8Array): void {
    if (frame.offset !== this.#tail.end) return this.#outOfOrder(frame);
    this.#tail.output(frame, raw);
    this.recorder.output(frame);
    for (const viewer of this.viewers) this.#pumpViewer(viewer);
    this.#tellReached();
  }

  resized(marker: { n: number; offset: number; cols: number; rows: number }): void {
    this.cols = marker.cols;
    this.rows = marker.rows;
    if (this.#asked?.cols === marker.cols && this.#asked.rows === marker.rows) this.#asked = null;
    this.#tail.resized(marker);
    this.recorder.resized(marker);
    this.pump();
  }

  /** The runner could not keep everything: output starts anew at `offset`. */
  gap(offset: number): void {
    this.recorder.gap(offset);
    this.#tail.restart(offset);
    for (const viewer of this.viewers) viewer.desynchronise();
    this.pump();
    this.#tellReached();
  }

  /** Adds a viewer that already shows everything up to `after`; null: nothing. */
  attach(person: Person, socket: ViewerSocket, after: number | null): Viewer {
    const viewer = new Viewer({ person, socket });
    if (after !== null && this.#link) viewer.resume(this.#tail, after);
    this.viewers.add(viewer);
    this.#pumpViewer(viewer);
    if (!this.#link) void this.#showStored(viewer, after);
    return viewer;
  }

  /** Removes a viewer; its clients send again themselves what was not acknowledged. */
  detach(viewer: Viewer): void {
    this.viewers.delete(viewer);
    this.#hold.forget(viewer.clients);
  }

  inputAcked(clientId: ClientId, n: number): void {
    this.#hold.settle(clientId, n);
    this.#tellClient(clientId, { type: 'input-acked', n });
  }

  /** Passes encoded input on, now or when the runner is back; false when too much waits for it already. */
  input(frame: InputFrame, raw: Uint8Array): boolean {
    if (!this.#hold.add(frame, raw, this.#now(), this.#link !== null)) return false;
    this.#link?.sendInput(raw);
    return true;
  }

  /** Asks for a size, now or when the runner is back. */
  resize(cols: number, rows: number): void {
    const newest = this.#asked ?? this;
    if (cols === newest.cols && rows === newest.rows) return;
    this.#asked = { cols, rows };
    if (this.#resizeTurn === null) this.#sendSize();
  }

  #sendSize(): void {
    const size = this.#asked;
    if (!size) return;
    this.#link?.send({ type: 'terminal.resize', terminalId: this.terminalId, ...size });
    this.#sentSize = size;
    if (this.#resizeTurn) clearTimeout(this.#resizeTurn);
    this.#resizeTurn = setTimeout(() => {
      this.#resizeTurn = null;
      if (this.#asked !== this.#sentSize) this.#sendSize();
    }, resizeEveryMs).unref();
  }

  pump(): void {
    for (const viewer of this.viewers) this.#pumpViewer(viewer);
  }

  drawn(viewer: Viewer, offset: number): void {
    viewer.drawn(offset);
    this.#pumpViewer(viewer);
  }

  /** The runner's screen now; one request serves everybody who asks meanwhile, and every viewer that waits for one. */
  screen(): Promise<Screen> {
    if (this.#screenRequest) return this.#screenRequest;
    const asked = this.#askScreen().finally(() => {
      this.#screenRequest = null;
    });
    this.#screenRequest = asked;
    asked.then(
      () => this.pump(),
      (cause: unknown) => this.#pumpLater(cause),
    );
    return asked;
  }

  async #askScreen(): Promise<Screen> {
    const link = this.#link;
    if (!link) return (await this.recorder.last()).screen ?? this.blank();
    const { kind, request, ...screen } = await link.snapshot(this.terminalId);
    this.#screen = screen;
    this.recorder.screen(screen);
    return screen;
  }

  #tellClient(clientId: ClientId, message: ToViewer): void {
    for (const viewer of this.viewers) if (viewer.clients.has(clientId)) viewer.tell(message);
  }

  #tellReached(): void {
    if (this.#waiting.length === 0) return;
    const reached = this.#waiting.filter(({ offset }) => offset <= this.#tail.end);
    this.#waiting = this.#waiting.filter(({ offset }) => offset > this.#tail.end);
    for (const { tell } of reached) tell(true);
  }

  #outOfOrder(frame: OutputFrame): void {
    if (frame.offset + frame.data.length <= this.#tail.end) return;
    this.#note(`terminal ${this.terminalId}: output at ${frame.offset}, expected ${this.#tail.end}`);
    this.#link?.close(4400, 'output out of order');
  }

  #pumpViewer(viewer: Viewer): void {
    viewer.pump(this.#tail, () => this.#pumpViewer(viewer));
    if (!viewer.needsScreen || !this.#link || !viewer.isDrained) return;
    const cached = this.#screen;
    if (cached && this.#tail.end - cached.offset <= freshScreenBytes && this.#tail.indexAfter(cached.offset) !== null) {
      viewer.show(this.#tail, cached);
      viewer.pump(this.#tail, () => this.#pumpViewer(viewer));
    } else {
      this.#refreshScreen();
    }
  }

  #refreshScreen(): void {
    if (!this.#screenRequest && !this.#retry) void this.screen();
  }

  #pumpLater(cause: unknown): void {
    this.#note(`terminal ${this.terminalId}: no screen: ${String(cause)}`);
    this.#retry ??= setTimeout(() => {
      this.#retry = null;
      this.pump();
    }, retryMs);
  }

  /** What a terminal shows before its first output. */
  blank(): Screen {
    const { terminalId, cols, rows } = this;
    return { terminalId, offset: 0, cols, rows, resizes: 0, data: new Uint8Array(0) };
  }

  /** Without a runner what is stored is shown, unless the viewer's own screen is as new. */
  async #showStored(viewer: Viewer, after: number | null): Promise<void> {
    try {
      const { screen, output } = await this.recorder.last();
      const end = output.at(-1);
      const offset = end ? end.offset + end.data.length : (screen?.offset ?? 0);
      if (!this.viewers.has(viewer) || this.#link || (after !== null && after >= offset)) return;
      await viewer.showStored(screen ?? this.blank(), output);
    } catch (cause) {
      this.#note(`terminal ${this.terminalId}: no stored screen: ${String(cause)}`);
    }
  }
}
