/**
 * Types numbered lines into a shell and remembers what the server said of each. A line that was not taken is typed
 * again, as a person would; one that was taken and never answered is left alone, because it may have arrived.
 */
import { readFile } from 'node:fs/promises';

/** `givenUp`: sent, never answered, and the person was told so. */
type Fate = 'sent' | 'acked' | 'refused' | 'givenUp';

export interface TypistOptions {
  /** Sends one message; calls back through `sent` before it returns, or not at all when it was not taken. */
  type: (data: Uint8Array) => void;
  /** The file the shell writes to, absolute; the shell stands in its folder. */
  file: string;
  fileName: string;
}

/** Lines that may be without an answer while further ones are typed. */
const window = 4;
const everyMs = 15;

export class Typist {
  readonly #options: TypistOptions;
  #next = 1;
  #timer: NodeJS.Timeout | null = null;
  /** Line by the key (client and number) it was sent under. */
  readonly #lineOf = new Map<string, number>();
  readonly #fates = new Map<number, { fate: Fate }>();

  constructor(options: TypistOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), everyMs);
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Key messages on their way: sent and not answered. */
  get inFlight(): number {
    return [...this.#fates.values()].filter(({ fate }) => fate === 'sent').length;
  }

  get acked(): number {
    return [...this.#fates.values()].filter(({ fate }) => fate === 'acked').length;
  }

  sent({ key, data }: { key: string; data: Uint8Array }): void {
    const line = Number(/echo (\d+)/.exec(Buffer.from(data).toString())?.[1]);
    this.#lineOf.set(key, line);
    if (!this.#fates.has(line)) this.#fates.set(line, { fate: 'sent' });
  }

  answered({ key, how }: { key: string; how: 'acked' | 'refused' | 'givenUp' }): void {
    const line = this.#lineOf.get(key);
    const known = line === undefined ? undefined : this.#fates.get(line);
    if (!known || known.fate === 'acked') return;
    known.fate = how;
  }

  /** The person was told that what is not answered did not arrive. */
  givenUp(): void {
    for (const known of this.#fates.values()) if (known.fate === 'sent') known.fate = 'givenUp';
  }

  /**
   * What is wrong with the shell's file. `isAlive`: the shell still runs, so every acked line must be there; of a shell
   * that was killed the file may end early.
   */
  async violations(isAlive: boolean): Promise<string[]> {
    const text = await readFile(this.#options.file, 'utf8').catch(() => '');
    const written = text.split('\n').filter(Boolean).map(Number);
    const counts = new Map<number, number>();
    for (const line of written) counts.set(line, (counts.get(line) ?? 0) + 1);
    const wrong: string[] = [];
    for (const [line, count] of counts)
      if (count > 1) wrong.push(`FLT3 line ${line} was typed once and ran ${count} times`);
    const known = [...this.#fates];
    const acked = known.filter(([, { fate }]) => fate === 'acked').map(([line]) => line);
    const last = isAlive ? Number.POSITIVE_INFINITY : (written.at(-1) ?? 0);
    const lost = acked.filter((line) => !counts.has(line) && line <= last);
    if (lost.length > 0) wrong.push(`FLT3 ${lost.length} acked lines never ran: ${lost.slice(0, 5).join(', ')}`);
    const refused = known.filter(([line, { fate }]) => fate === 'refused' && counts.has(line)).map(([line]) => line);
    if (refused.length > 0) wrong.push(`FLT3 refused lines ran: ${refused.slice(0, 5).join(', ')}`);
    const unordered = written.findIndex((line, at) => at > 0 && line < (written[at - 1] ?? 0));
    if (unordered > 0) wrong.push(`FLT3 line ${written[unordered]} ran after line ${written[unordered - 1]}`);
    return wrong;
  }

  #tick(): void {
    if (this.inFlight >= window) return;
    const line = this.#next;
    this.#options.type(Buffer.from(` echo ${line} >>${this.#options.fileName}\r`));
    if (this.#fates.has(line)) this.#next++;
  }
}
