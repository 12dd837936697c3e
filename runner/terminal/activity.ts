/** What a terminal shows at a glance, told at most once a second and only when it changed. Knows no screen or PTY. */

const intervalMs = 1_000;
const maxLineLength = 400;
const maxProgramLength = 80;

/** Text safe for a list: no control, line-breaking or direction-changing characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the point
const unsafe = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

const tidy = (text: string, maxLength: number): string => text.replace(unsafe, '').trim().slice(0, maxLength);

export interface ActivityOptions {
  now: () => number;
  onActivity: (activity: { line: string; program: string }) => void;
  /** Name of the foreground program. */
  program: () => string;
}

export class Activity {
  readonly #options: ActivityOptions;
  #line: (() => string) | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isStopped = false;
  #told = { line: '', program: '' };
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(options: ActivityOptions) {
    this.#options = options;
  }

  /** `line` reads the last line that is shown. Nothing after `stop`: a terminal may end before its screen is there. */
  start(line: () => string): void {
    if (!this.#isStopped) this.#line = line;
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#line = null;
  }

  /** The screen changed: tells within a second what it shows. */
  changed(): void {
    if (this.#timer !== null || this.#line === null) return;
    const waitMs = Math.max(0, this.#toldAt + intervalMs - this.#options.now());
    this.#timer = setTimeout(() => this.#tell(), waitMs);
    this.#timer.unref();
  }

  #tell(): void {
    this.#timer = null;
    const line = tidy(this.#line?.() ?? '', maxLineLength);
    const program = tidy(this.#options.program(), maxProgramLength);
    this.#toldAt = this.#options.now();
    if (line === this.#told.line && program === this.#told.program) return;
    this.#told = { line, program };
    this.#options.onActivity(this.#told);
  }
}
