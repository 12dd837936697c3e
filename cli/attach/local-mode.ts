/** Modes of the real terminal that follow the program's, and how all of them are undone. Pure. */

/** What the program asked of its terminal, as far as it changes what keys and mouse send or how the cursor looks. */
export interface ProgramModes {
  hasApplicationCursor: boolean;
  hasApplicationKeypad: boolean;
  hasBracketedPaste: boolean;
  /** xterm.js' name of the mouse protocol and of its encoding. */
  mouse: string;
  mouseEncoding: string;
  hasFocusReports: boolean;
  isCursorHidden: boolean;
  /** DECSCUSR number, 0 for the terminal's own. */
  cursorStyle: number;
}

const set = (mode: number, isOn: boolean): string => `\x1b[?${mode}${isOn ? 'h' : 'l'}`;

const mouseModes: Record<string, number> = { X10: 9, VT200: 1000, DRAG: 1002, ANY: 1003 };
const encodings: Record<string, number> = { SGR: 1006, SGR_PIXELS: 1016 };

/** Which of the program's modes a viewer takes over. */
export interface Seating {
  /** Keys may be sent. */
  types: boolean;
  /** The mouse may be sent too: it would take or contest the wheel by merely moving. */
  drives: boolean;
}

/** The real terminal's modes as switches; each is written only when it changes. */
function switches(modes: ProgramModes, { types, drives }: Seating): string[] {
  const mouse = drives ? mouseModes[modes.mouse] : undefined;
  const encoding = drives ? encodings[modes.mouseEncoding] : undefined;
  return [
    set(1, types && modes.hasApplicationCursor),
    types && modes.hasApplicationKeypad ? '\x1b=' : '\x1b>',
    set(2004, types && modes.hasBracketedPaste),
    set(1004, drives && modes.hasFocusReports),
    ...Object.values(encodings).map((mode) => set(mode, mode === encoding)),
    `\x1b[${modes.cursorStyle} q`,
    // Mouse modes exclude each other: all off, then the one.
    [9, 1000, 1002, 1003].map((mode) => set(mode, false)).join('') + (mouse ? set(mouse, true) : ''),
  ];
}

export class LocalModes {
  #now: string[] = [];

  /** What has to be written so that the terminal follows; empty when it does. */
  follow(modes: ProgramModes, seating: Seating): string {
    const wanted = switches(modes, seating);
    const changed = wanted.filter((text, at) => text !== this.#now[at]);
    this.#now = wanted;
    return changed.join('');
  }

  /** Nothing is known of the terminal any more. */
  forget(): void {
    this.#now = [];
  }
}

/** Own screen, empty, without automatic line breaks and without wheel-to-arrow translation. */
export const enterScreen = '\x1b[?1049h\x1b[?1007l\x1b[?7l\x1b[?25l\x1b[0m\x1b[2J\x1b[H';

/** Undoes everything that is ever set, on any way out: harmless where it was not set. */
export const leaveScreen = [
  '\x1b[?2026l\x1b[0m',
  [9, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 2004, 1].map((mode) => set(mode, false)).join(''),
  '\x1b>\x1b[0 q\x1b[?7h\x1b[?1007h\x1b[?25h\x1b[?1049l',
].join('');
