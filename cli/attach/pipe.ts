/** Attached without a terminal: standard input goes to the program, its output to standard output, both untouched. */
import { AppError } from '#protocol/error.ts';
import { failureOf } from '../failure.ts';
import { printable, write } from '../io.ts';
import { Attachment } from './attachment.ts';
import type { Ending } from './ending.ts';
import { PipeDisplay } from './pipe-display.ts';
import type { AttachOptions } from './window.ts';

/** Input that may wait before standard input is held back, in bytes. */
const maxWaitingBytes = 256 * 1024;

export interface PipeOptions extends AttachOptions {
  /** The recorded bytes from one offset up to another; null when not all of them are kept. */
  recorded(from: number, to: number): Promise<Uint8Array | null>;
}

export class AttachedPipe {
  readonly #options: PipeOptions;
  readonly #attachment: Attachment;
  #display: PipeDisplay | null = null;
  /** What was read before it was known who drives. */
  #early: Buffer[] = [];
  #isLost = false;
  #onEnd: (ending: Ending) => void = () => undefined;
  #onFail: (cause: unknown) => void = () => undefined;

  constructor(options: PipeOptions) {
    this.#options = options;
    this.#attachment = new Attachment({
      ...options,
      staleMs: Number.POSITIVE_INFINITY,
      display: (onShown) => {
        this.#display = new PipeDisplay({
          ...{ stdout: options.io.stdout, onShown, recorded: options.recorded },
          onGap: (bytes) => this.#note(gapNote(bytes)),
          onFail: (cause) => (failureOf(cause).isRetryable ? this.#attachment.redial() : this.#onFail(cause)),
        });
        return this.#display;
      },
      onSeat: () => this.#seated(),
      onDropped: (drives) => this.#onFail(refused(options.session, drives)),
      onPaused: (why) => this.#onFail(paused(why)),
      onRoom: () => this.#flow(),
      onLost: () => this.#lost(),
      onClosed: (closed) => this.#onEnd({ kind: 'closed', closed }),
      onRefused: (cause) => this.#onFail(cause),
    });
  }

  /** Attaches; resolves when the program has ended and its last output is written. Rejects when the server refuses. */
  async run(): Promise<Ending> {
    const { stdin } = this.#options.io;
    const onData = (data: Buffer) => this.#read(data);
    const onInputError = (cause: Error) => this.#note(`standard input: ${cause.message}`);
    try {
      const ending = await new Promise<Ending>((resolve, reject) => {
        this.#onEnd = resolve;
        this.#onFail = reject;
        if (this.#options.types) stdin.on('data', onData).on('error', onInputError);
        this.#attachment.start();
      });
      if (ending.kind === 'closed') await this.#finish();
      return ending;
    } finally {
      stdin.off('data', onData).off('error', onInputError).pause();
      this.#attachment.stop();
    }
  }

  async #finish(): Promise<void> {
    await this.#options.untilTaken(() => this.#display?.end ?? null);
    await write(this.#options.io.stdout, '');
    const unread = this.#attachment.pendingBytes;
    if (unread > 0) this.#note(`it ended before it took the last ${unread} bytes of input`);
  }

  #read(data: Buffer): void {
    if (!this.#attachment.seat) this.#early.push(data);
    else this.#type(data);
    this.#flow();
  }

  /** Input is taken from standard input no faster than the program takes it. */
  #flow(): void {
    const { stdin } = this.#options.io;
    const waiting = this.#early.length > 0 || this.#attachment.pendingBytes > maxWaitingBytes;
    if (waiting) stdin.pause();
    else if (this.#options.types) stdin.resume();
  }

  #type(data: Buffer): void {
    const { seat } = this.#attachment;
    const { session, takes } = this.#options;
    const isTheirs = seat?.driver && !this.#attachment.isDriver;
    if (isTheirs && !takes) this.#onFail(refused(session, seat.driver?.name ?? null));
    else this.#attachment.type(data);
  }

  #seated(): void {
    if (this.#isLost) this.#note('connected again');
    this.#isLost = false;
    for (const data of this.#early.splice(0)) this.#type(data);
    this.#flow();
  }

  #lost(): void {
    if (!this.#isLost) this.#note('connection lost, reconnecting…');
    this.#isLost = true;
  }

  #note(text: string): void {
    this.#options.io.stderr.write(`omnigent: ${printable(text)}\n`);
  }
}

const gapNote = (bytes: number): string => `${bytes} bytes of output are not kept any more; the screen follows instead`;

const paused = (why: string): AppError =>
  new AppError({ code: 'session.paused', message: `the session is ${why}; \`omnigent session resume\` goes on` });

function refused(session: string, drives: string | null): AppError {
  const message = `${drives ?? 'somebody else'} drives; add --take, or run \`omnigent terminal take ${session}\` first`;
  return new AppError({ code: 'terminal.not-driver', message });
}
