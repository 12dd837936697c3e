/** Attached in a real terminal: keys from it, a picture of the program's screen in it. Knows no socket. */
import type { IdSource, TerminalId } from '#protocol/id.ts';
import type { Address } from '../api/address.ts';
import type { Io } from '../io.ts';
import { sizeOf } from '../terminal/size.ts';
import { Attachment, type Seat } from './attachment.ts';
import type { Clock } from './clock.ts';
import type { Ending } from './ending.ts';
import { LocalModes } from './local-mode.ts';
import { Painter } from './painter.ts';
import { drawRow } from './row.ts';
import { Screen } from './screen.ts';
import { takeTty } from './tty.ts';

export interface AttachOptions {
  io: Io;
  session: string;
  terminalId: TerminalId;
  ids: IdSource;
  clock: Clock;
  find(): Promise<Address>;
  /** False: watch only. */
  types: boolean;
  /** Takes the wheel from whoever has it. */
  takes: boolean;
  /** Of a program that has ended: resolves when `end` says that all its output was taken. */
  untilTaken(end: () => number | null): Promise<void>;
}

/** Ctrl-\ leaves. */
const leaveKey = 0x1c;
/** Ctrl-C: ends a watcher that sends nothing. */
const interruptKey = 0x03;
/** Least time between two pictures, in ms. */
const frameMs = 10;
/** A program that draws "at once" is waited for this long, in ms. */
const holdMs = 100;
const noticeMs = 3_000;
/** Keys typed this long before a connection came back are given up, in ms. */
const staleMs = 10_000;

export class AttachedWindow {
  readonly #options: AttachOptions;
  readonly #attachment: Attachment;
  readonly #painter: Painter;
  #screen: Screen | null = null;
  #onShown: (offset: number) => void = () => undefined;
  #notice: string | null = null;
  #isLost = false;
  #cancelNotice: (() => void) | null = null;
  #cancelPaint: (() => void) | null = null;
  #paintedAt = 0;
  #onEnd: (ending: Ending) => void = () => undefined;
  #onFail: (cause: unknown) => void = () => undefined;

  constructor(options: AttachOptions) {
    this.#options = options;
    this.#painter = new Painter(sizeOf(options.io.stdout), new LocalModes());
    this.#attachment = new Attachment({
      ...options,
      staleMs,
      display: (onShown) => {
        this.#onShown = onShown;
        this.#screen = new Screen(() => this.#changed());
        return this.#screen;
      },
      onSeat: () => this.#seated(),
      onDropped: (drives) => this.#tell(droppedNotice(options.session, drives)),
      onPaused: (why) => this.#tell(`the session is ${why}: keys were not sent; \`omnigent session resume\` goes on`),
      onRoom: () => undefined,
      onLost: () => this.#lost(),
      onClosed: (closed) => this.#onEnd({ kind: 'closed', closed }),
      onRefused: (cause) => this.#onFail(cause),
    });
  }

  /**
   * Attaches; resolves when the person leaves or the program has ended and its last output is shown. Rejects when the
   * server refuses. The terminal is as before then.
   */
  async run(): Promise<Ending> {
    const { stdin, stdout } = this.#options.io;
    const release = takeTty({ stdin, stdout, onReturned: () => this.#redraw() });
    const onResize = () => this.#resized();
    const onKeys = (data: Buffer) => this.#keys(data);
    try {
      const ending = await new Promise<Ending>((resolve, reject) => {
        this.#onEnd = resolve;
        this.#onFail = reject;
        stdout.on('resize', onResize);
        stdin.on('data', onKeys);
        this.#attachment.resize(this.#painter.window);
        this.#attachment.start();
      });
      if (ending.kind === 'closed') await this.#options.untilTaken(() => this.#screen?.end ?? null);
      return ending;
    } finally {
      stdout.off('resize', onResize);
      stdin.off('data', onKeys);
      this.#cancelNotice?.();
      this.#cancelPaint?.();
      this.#attachment.stop();
      release();
    }
  }

  /** The last picture as text for the terminal's own screen, down to its last row that is not empty. */
  lastPicture(): string {
    const { buffer, cols, rows } = this.#screen?.picture ?? { buffer: null, cols: 0, rows: 0 };
    if (!buffer) return '';
    const lines = Array.from({ length: rows }, (_, row) => buffer.getLine(buffer.baseY + row));
    const last = lines.findLastIndex((line) => line?.translateToString(true));
    const scratch = buffer.getNullCell();
    return lines
      .slice(0, last + 1)
      .map((line) => `${line ? drawRow(line, scratch, 0, cols) : ''}\n`)
      .join('');
  }

  #keys(data: Buffer): void {
    const at = data.indexOf(leaveKey);
    const typed = at < 0 ? data : data.subarray(0, at);
    if (this.#options.types) this.#attachment.type(typed);
    else if (typed.includes(interruptKey)) return this.#onEnd({ kind: 'interrupted' });
    if (at >= 0) this.#onEnd({ kind: 'left' });
  }

  #resized(): void {
    const size = sizeOf(this.#options.io.stdout);
    this.#painter.resize(size);
    this.#attachment.resize(size);
    this.#changed();
  }

  #redraw(): void {
    this.#painter.forget();
    this.#changed();
  }

  #seated(): void {
    this.#isLost = false;
    this.#changed();
  }

  #lost(): void {
    this.#isLost = true;
    this.#changed();
  }

  #tell(notice: string): void {
    this.#notice = notice;
    this.#cancelNotice?.();
    this.#cancelNotice = this.#options.clock.after(noticeMs, () => {
      this.#notice = null;
      this.#changed();
    });
    this.#changed();
  }

  #changed(): void {
    const wait = Math.max(0, this.#paintedAt + frameMs - this.#options.clock.now());
    this.#cancelPaint ??= this.#options.clock.after(wait, () => this.#paint());
  }

  /** Draws what is there now. */
  #paint(): void {
    this.#cancelPaint = null;
    const screen = this.#screen;
    const { clock, io, types } = this.#options;
    if (!screen?.hasPicture) return;
    if (screen.isHeld && clock.now() - this.#paintedAt < holdMs) {
      this.#cancelPaint = clock.after(frameMs, () => this.#paint());
      return;
    }
    this.#paintedAt = clock.now();
    const shown = screen.end ?? 0;
    const captions = { notice: this.#isLost ? 'reconnecting…  (Ctrl-\\ leaves)' : this.#notice, hint: this.#hint() };
    const seating = { types, drives: types && this.#attachment.isDriver };
    const text = this.#painter.paint(screen.picture, captions, seating);
    io.stdout.write(screen.takeBell() ? `${text}\x07` : text, () => this.#onShown(shown));
  }

  #hint(): string {
    const { seat } = this.#attachment;
    const { cols, rows } = this.#screen?.picture ?? this.#painter.window;
    return [driverHint(seat, this.#options.types), `${cols} × ${rows}`, 'Ctrl-\\ leaves'].join(' · ');
  }
}

function driverHint(seat: Seat | null, types: boolean): string {
  if (seat && !seat.isLive) return 'its runner is away';
  if (!seat?.driver) return types ? 'nobody drives, typing takes the wheel' : 'nobody drives';
  return seat.driver.personId === seat.you.personId ? 'you drive' : `${seat.driver.name} drives`;
}

const droppedNotice = (session: string, drives: string | null): string =>
  drives === null
    ? 'keys from before the connection came back were not sent'
    : `${drives} drives; \`omnigent terminal take ${session}\``;
