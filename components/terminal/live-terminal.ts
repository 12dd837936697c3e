/**
 * One terminal on a page: its screen, its connection, its size, its keys. Everything imperative is here; React only
 * shows what `onState` says and calls what is asked.
 */
import type { PersonId, TerminalId } from '#protocol/id.ts';
import { scrollbackLines } from '#protocol/terminal-frame.ts';
import { browserClock } from './clock.ts';
import { cellsIn, fittingFontSize, fontStep, minFontSize, remainingScale, type Size, spacingFor } from './layout.ts';
import { isReport, type TerminalCommand, terminalCommand, withControl } from './terminal-keys.ts';
import { type Socket, type SocketEvents, type SocketState, TerminalSocket } from './terminal-socket.ts';
import { characterWidth, themeAt } from './theme.ts';
import { openScreen, type Screen } from './xterm.ts';

export interface LiveTerminalOptions {
  /** Where the screen is drawn; its parent's inner size is the room there is. */
  host: HTMLElement;
  terminalId: TerminalId;
  family: string;
  fontSize: number;
  isMac: boolean;
  onState: (state: SocketState) => void;
  onCommand: (command: TerminalCommand) => void;
  onLink: (address: string) => void;
}

const resizeQuietMs = 80;
/** Cells are whole pixels, so the computed size may be a little too large; the rest is left to a transform. */
const shrinkTries = 4;
const encoder = new TextEncoder();

/** The element carries its emulator, so that a person's own scripts can read the screen. */
export interface TerminalHost extends HTMLElement {
  terminal?: Screen['terminal'];
}

function openSocket(terminalId: TerminalId, after: number | null, events: SocketEvents): Socket {
  const origin = location.origin.replace(/^http/, 'ws');
  const socket = new WebSocket(`${origin}/ws/terminal/${terminalId}${after === null ? '' : `?after=${after}`}`);
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => events.opened();
  socket.onmessage = ({ data }) => events.received(data);
  socket.onclose = ({ code, reason }) => events.closed(code, reason);
  return {
    get isOpen() {
      return socket.readyState === WebSocket.OPEN;
    },
    send: (data) => socket.send(data),
    close: () => socket.close(),
  };
}

export class LiveTerminal {
  readonly #options: LiveTerminalOptions;
  readonly #screen: Screen;
  readonly #socket: TerminalSocket;
  readonly #observer: ResizeObserver;
  #fontSize: number;
  /** Width of a character as a part of its font size. */
  readonly #characterWidth: number;
  /** Size of a cell at the chosen font size, px. */
  #cell: Size | null = null;
  #cancelResize: (() => void) | null = null;
  #control: (() => void) | null = null;

  constructor(options: LiveTerminalOptions) {
    this.#options = options;
    this.#fontSize = options.fontSize;
    this.#characterWidth = characterWidth(options.family);
    const { host, family, fontSize, onLink } = options;
    this.#screen = openScreen({
      host,
      family,
      fontSize,
      theme: themeAt(host),
      scrollback: scrollbackLines,
      isReadOnly: false,
      onLink,
    });
    (host as TerminalHost).terminal = this.#screen.terminal;
    this.#socket = new TerminalSocket({
      terminalId: options.terminalId,
      emulator: this.#emulator(),
      open: (after, events) => openSocket(options.terminalId, after, events),
      clock: browserClock,
      ids: { now: () => Date.now(), random: (bytes) => void crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>) },
      random: Math.random,
      onState: options.onState,
      // Seen by PerformanceObserver, so that anybody can measure from a key to its picture.
      onDrawn: (offset) => performance.clearMarks(performance.mark('terminal.drawn', { detail: { offset } }).name),
    });
    this.#listen();
    this.#observer = new ResizeObserver(() => this.#fitSoon());
    this.#observer.observe(this.#box);
    this.#fit();
    this.#socket.start();
  }

  get state(): SocketState {
    return this.#socket.state;
  }

  get screen(): Screen {
    return this.#screen;
  }

  focus(): void {
    this.#screen.terminal.focus();
  }

  blur(): void {
    this.#screen.terminal.blur();
  }

  /** Text as if it was typed. */
  type(text: string): void {
    this.#socket.type(encoder.encode(text));
  }

  /** Text as if it was pasted: programs that ask for it are told where it begins and ends. */
  paste(text: string): void {
    this.#screen.terminal.paste(text);
  }

  take(): void {
    this.#socket.take();
  }

  request(): void {
    this.#socket.request();
  }

  give(to: PersonId | null): void {
    this.#socket.give(to);
  }

  retry(): void {
    this.#socket.retry();
  }

  setFontSize(size: number): void {
    if (size === this.#fontSize) return;
    this.#fontSize = size;
    this.#cell = null;
    this.#fit();
  }

  /** Reads the colours again. */
  refreshTheme(): void {
    this.#screen.terminal.options.theme = themeAt(this.#options.host);
  }

  setScreenReaderMode(isOn: boolean): void {
    this.#screen.terminal.options.screenReaderMode = isOn;
  }

  /** Gives the next typed character Control, then calls `used`; null ends it. */
  holdControl(used: (() => void) | null): void {
    this.#control = used;
  }

  dispose(): void {
    this.#cancelResize?.();
    this.#observer.disconnect();
    this.#socket.stop();
    this.#screen.dispose();
  }

  get #box(): HTMLElement {
    return this.#options.host.parentElement ?? this.#options.host;
  }

  /** This person's keys reach the program. */
  get #drives(): boolean {
    const { seat } = this.#socket.state;
    return seat !== null && seat.driver?.personId === seat.you.personId;
  }

  /** The replica's emulator, which also lays the page out anew when the size changes. */
  #emulator() {
    const { emulator } = this.#screen;
    return {
      write: (data: Uint8Array | string, done?: () => void) => emulator.write(data, done),
      reset: () => emulator.reset(),
      resize: (cols: number, rows: number) => {
        emulator.resize(cols, rows);
        this.#fit();
      },
    };
  }

  #listen(): void {
    const { terminal } = this.#screen;
    terminal.onData((text) => {
      if (isReport(text)) return this.#drives ? this.type(text) : undefined;
      this.type(this.#control ? withControl(text) : text);
      this.#control?.();
    });
    terminal.onBinary((text) => {
      if (this.#drives) this.#socket.type(Uint8Array.from(text, (char) => char.charCodeAt(0)));
    });
    // A wheel over a full-screen program becomes arrow keys, which are the driver's to send.
    terminal.attachCustomWheelEventHandler(() => this.#drives || terminal.buffer.active.type === 'normal');
    terminal.attachCustomKeyEventHandler((event) => {
      const { isMac } = this.#options;
      const command = terminalCommand(event, { isMac, drives: this.#drives, hasSelection: terminal.hasSelection() });
      if (command === null) return true;
      event.preventDefault();
      this.#options.onCommand(command);
      return false;
    });
  }

  #fitSoon(): void {
    this.#cancelResize?.();
    this.#cancelResize = browserClock.after(resizeQuietMs, () => this.#fit());
  }

  /** Tells the server how many cells there is room for, and draws the cells there are so that all are seen. */
  #fit(): void {
    const style = getComputedStyle(this.#box);
    const box = {
      width: this.#box.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight),
      height: this.#box.clientHeight - Number.parseFloat(style.paddingTop) - Number.parseFloat(style.paddingBottom),
    };
    if (box.width <= 0 || box.height <= 0) return;
    const { terminal } = this.#screen;
    this.#cell ??= this.#measureCell();
    const wanted = cellsIn(box, this.#cell);
    this.#socket.resize(wanted.cols, wanted.rows);
    const scale = this.#shrinkInto(box, fittingFontSize(box, this.#cell, terminal, this.#fontSize));
    this.#options.host.style.transform = scale < 1 ? `scale(${scale})` : '';
  }

  /** Sets the first font size at or below `size` whose whole pixels fit; returns what is left to scale by. */
  #shrinkInto(box: Size, size: number): number {
    for (let tries = 0; ; tries++) {
      this.#setFont(size - tries * fontStep);
      const scale = remainingScale(box, this.#drawnSize());
      if (scale === 1 || tries === shrinkTries || size - tries * fontStep <= minFontSize) return scale;
    }
  }

  #measureCell(): Size {
    const { terminal } = this.#screen;
    this.#setFont(this.#fontSize);
    const drawn = this.#drawnSize();
    return { width: drawn.width / terminal.cols, height: drawn.height / terminal.rows };
  }

  #setFont(size: number): void {
    const { options } = this.#screen.terminal;
    options.fontSize = size;
    options.letterSpacing = spacingFor(size * this.#characterWidth * devicePixelRatio);
  }

  /** Size of the drawn screen before any transform, px. */
  #drawnSize(): Size {
    const element = this.#options.host.querySelector<HTMLElement>('.xterm-screen');
    return { width: element?.offsetWidth ?? 0, height: element?.offsetHeight ?? 0 };
  }
}
