/** A terminal's screen kept by an emulator of the very kind the runner has. Knows no window and no socket. */
import unicode11 from '@xterm/addon-unicode11';
import headless from '@xterm/headless';
import { type ExactEmulator, exactEmulator } from '#protocol/terminal-emulator.ts';
import { scrollbackLines } from '#protocol/terminal-frame.ts';
import { TerminalReplica } from '#protocol/terminal-replica.ts';
import type { Display, Frame } from './attachment.ts';
import type { ProgramModes } from './local-mode.ts';
import type { Picture } from './painter.ts';

const cursorStyles = { block: 1, underline: 3, bar: 5 } as const;

export class Screen implements Display {
  #needsScreen = true;
  #hasBell = false;
  readonly #terminal = new headless.Terminal({
    ...{ cols: 80, rows: 24, scrollback: scrollbackLines },
    ...{ allowProposedApi: true, logLevel: 'off' },
  });
  readonly #exact: ExactEmulator;
  readonly #replica: TerminalReplica;

  /** `onChange` is called after everything that may look different. */
  constructor(onChange: () => void) {
    this.#terminal.loadAddon(new unicode11.Unicode11Addon());
    this.#exact = exactEmulator(this.#terminal);
    this.#terminal.onBell(() => {
      this.#hasBell = true;
    });
    const apply = (data: Uint8Array | string) =>
      this.#exact.apply(typeof data === 'string' ? new TextEncoder().encode(data) : data);
    this.#replica = new TerminalReplica({
      emulator: {
        write(data, done) {
          apply(data);
          done?.();
          onChange();
        },
        resize: (cols, rows) => {
          this.#exact.resize(cols, rows);
          onChange();
        },
        reset: () => this.#exact.reset(),
      },
      from: null,
    });
  }

  get end(): number | null {
    return this.#replica.end;
  }

  /** False before the first screen. */
  get hasPicture(): boolean {
    return this.#replica.end !== null;
  }

  resumeAt(): number | null {
    return this.#needsScreen ? null : this.#replica.end;
  }

  take(frame: Frame): 'taken' | 'redial' {
    if (frame.kind === 'snapshot') {
      this.#needsScreen = false;
      this.#replica.restore(frame);
    } else if (!this.#needsScreen) {
      this.#needsScreen = this.#replica.output(frame) !== null;
      if (this.#needsScreen) return 'redial';
    }
    return 'taken';
  }

  resized(marker: { n: number; offset: number; cols: number; rows: number }): void {
    this.#replica.resized(marker);
  }

  /** The program is in the middle of drawing something that it wants to be seen at once. */
  get isHeld(): boolean {
    return this.#exact.core.coreService.decPrivateModes.synchronizedOutput;
  }

  /** True once after the program rang. */
  takeBell(): boolean {
    const hadBell = this.#hasBell;
    this.#hasBell = false;
    return hadBell;
  }

  get picture(): Picture {
    const { cols, rows, buffer } = this.#terminal;
    return { cols, rows, buffer: buffer.active, modes: this.#modes() };
  }

  #modes(): ProgramModes {
    const { coreService, coreMouseService } = this.#exact.core;
    const { decPrivateModes: modes } = coreService;
    const style = modes.cursorStyle ? cursorStyles[modes.cursorStyle] : 0;
    return {
      hasApplicationCursor: modes.applicationCursorKeys,
      hasApplicationKeypad: modes.applicationKeypad,
      hasBracketedPaste: modes.bracketedPasteMode,
      mouse: coreMouseService.activeProtocol,
      mouseEncoding: coreMouseService.activeEncoding,
      hasFocusReports: modes.sendFocus,
      isCursorHidden: coreService.isCursorHidden,
      cursorStyle: style === 0 || modes.cursorBlink ? style : style + 1,
    };
  }
}
