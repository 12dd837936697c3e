/**
 * Bounds for what output can make an xterm.js 6.0.0 terminal do: every loop, string and list that a program could
 * drive without end has a limit, the same in every emulator. Knows nothing of sizes and snapshots.
 */
import { AppError } from './error.ts';
import type { CoreDeviceHandler, CoreParams, CoreStringHandler, UnicodeProvider, XtermCore } from './xterm-core.ts';

/** Combining marks that one cell holds; further ones take a cell of their own. */
const maxJoins = 16;
/** `REP` repeats a character at most this often. */
const maxRepeat = 65_535;
/** A link's identifier and address, in characters; longer links are ignored. */
const maxLinkLength = 4_096;
/** What a program may ask in one string, in characters. */
export const maxQuestionLength = 1_024;

/** Unicode 11 widths; a mark that joins nothing takes a whole cell, and a cell takes a bounded number of marks. */
function boundedUnicode(unicode11: UnicodeProvider): UnicodeProvider {
  return {
    version: '11-bounded',
    wcwidth: (code) => unicode11.wcwidth(code),
    charProperties(code, preceding) {
      const info = unicode11.charProperties(code, preceding & 7);
      if ((info & 6) === 0) return 1 << 1;
      if ((info & 1) === 0) return info;
      const joins = (preceding >> 3) + 1;
      return joins > maxJoins ? 1 << 1 : (joins << 3) | info;
    },
  };
}

/** Counts above these change nothing more, yet each would be a turn of a loop. */
function boundCounts(core: XtermCore): void {
  const parser = core._inputHandler._parser;
  const bound = (final: string, limit: () => number) =>
    parser.registerCsiHandler({ final }, ({ params }: CoreParams) => {
      params[0] = Math.min(params[0] ?? 0, limit());
      return false;
    });
  for (const final of 'LMST') bound(final, () => core.rows);
  for (const final of 'IZ') bound(final, () => core.cols);
  bound('b', () => maxRepeat);
}

/** Takes a string of at most `maxLength` characters; of a longer one nothing is kept, and `onText` gets null. */
export function boundedString(maxLength: number, onText: (text: string | null) => void): CoreStringHandler {
  let text = '';
  return {
    start() {
      text = '';
    },
    put(data, start, end) {
      for (let i = start; i < end && text.length <= maxLength; i++) text += String.fromCodePoint(data[i] ?? 0);
    },
    end(isComplete) {
      if (isComplete) onText(text.length > maxLength ? null : text);
      text = '';
      return true;
    },
  };
}

/** The same for a device control string; xterm.js' own handlers keep up to 10 MB of one. */
export function boundedDeviceString(
  maxLength: number,
  onText: (text: string | null, params: CoreParams) => void,
): CoreDeviceHandler {
  let asked: CoreParams = { length: 0, params: new Int32Array(0) };
  const { start, put, end } = boundedString(maxLength, (text) => onText(text, asked));
  return {
    hook(params) {
      asked = params;
      start();
    },
    put,
    unhook: end,
  };
}

const ignored = { start: () => undefined, put: () => undefined, end: () => true };

/** String sequences: links are bounded, everything else that has an effect outside the screen is ignored, unread. */
function boundStrings(core: XtermCore): void {
  const { _parser: parser } = core._inputHandler;
  // Titles, folders, notifications, colours of the theme, clipboard, vendor extensions.
  for (const id of [0, 1, 2, 4, 5, 7, 9, 10, 11, 12, 50, 52, 104, 110, 111, 112, 133, 633, 777, 1337]) {
    parser.clearOscHandler(id);
    parser.registerOscHandler(id, ignored);
  }
  parser.clearOscHandler(8);
  parser.registerOscHandler(
    8,
    boundedString(maxLinkLength, (text) => core._inputHandler.setHyperlink(text ?? ';')),
  );
  // Settings are told by the runner alone; xterm.js' own handler would keep megabytes of a question.
  const settings = { intermediates: '$', final: 'q' };
  parser.clearDcsHandler(settings);
  parser.registerDcsHandler(settings, { hook: () => undefined, put: () => undefined, unhook: () => true });
}

/** Sets all bounds. Throws AppError `server.internal` unless Unicode 11 is loaded. */
export function boundOutput(core: XtermCore): void {
  const unicode11 = core.unicodeService._providers['11'];
  if (!unicode11) throw new AppError({ code: 'server.internal', message: 'load the Unicode 11 addon first' });
  core.unicodeService.register(boundedUnicode(unicode11));
  core.unicodeService.activeVersion = '11-bounded';
  boundCounts(core);
  boundStrings(core);
}
