/**
 * The parts of @xterm/headless 6.0.0 behind its public surface that the runner reads and drives, and the check that
 * they are there. ADR 003 says why; nothing outside this folder may know of them.
 */
import { AppError } from '#protocol/error.ts';

export interface Attributes {
  fg: number;
  bg: number;
  extended: { ext: number; urlId: number };
}

/** Maps ASCII characters to others; undefined or empty is US ASCII. */
export type Charset = Readonly<Record<string, string>> | undefined;

export interface CoreLine {
  readonly length: number;
  isWrapped: boolean;
  readonly _data: Uint32Array;
  readonly _combined: Readonly<Record<number, string>>;
  readonly _extendedAttrs: Readonly<Record<number, { ext: number; urlId: number } | undefined>>;
}

export interface CoreBuffer {
  readonly lines: { readonly length: number; readonly maxLength: number; get(index: number): CoreLine | undefined };
  x: number;
  y: number;
  ybase: number;
  scrollTop: number;
  scrollBottom: number;
  tabs: Record<number, boolean | undefined>;
  savedX: number;
  savedY: number;
  savedCurAttrData: Attributes;
  savedCharset: Charset;
}

export interface XtermCore {
  resize(cols: number, rows: number): void;
  reset(): void;
  options: { convertEol: boolean; cursorBlink: boolean };
  buffers: { normal: CoreBuffer; alt: CoreBuffer; active: CoreBuffer };
  _charsetService: { charset: Charset; glevel: number; _charsets: Charset[] };
  coreService: {
    isCursorHidden: boolean;
    modes: { insertMode: boolean };
    decPrivateModes: {
      applicationCursorKeys: boolean;
      applicationKeypad: boolean;
      bracketedPasteMode: boolean;
      cursorBlink: boolean | undefined;
      cursorStyle: 'block' | 'underline' | 'bar' | undefined;
      origin: boolean;
      reverseWraparound: boolean;
      sendFocus: boolean;
      synchronizedOutput: boolean;
      wraparound: boolean;
    };
  };
  coreMouseService: { activeProtocol: string; activeEncoding: string };
  _oscLinkService: { getLinkData(id: number): { id?: string; uri: string } | undefined };
  _inputHandler: {
    /** Synchronous as long as no handler returns a promise; none of ours does. */
    parse(data: Uint8Array): unknown;
    _curAttrData: Attributes;
    _utf8Decoder: { interim: Uint8Array };
    _parser: { currentState: number; precedingJoinState: number };
  };
}

/** The core behind a public terminal. Throws AppError `server.internal` if the library is not the one we know. */
export function coreOf(terminal: object): XtermCore {
  const core = (terminal as { _core?: XtermCore })._core;
  const parser = core?._inputHandler?._parser;
  const isKnown =
    typeof parser?.currentState === 'number' &&
    typeof core?.buffers?.normal?.savedY === 'number' &&
    Array.isArray(core._charsetService?._charsets) &&
    typeof core.coreService?.decPrivateModes?.wraparound === 'boolean' &&
    core._inputHandler._utf8Decoder?.interim instanceof Uint8Array;
  if (core === undefined || !isKnown) {
    throw new AppError({ code: 'server.internal', message: 'this version of @xterm/headless is not supported' });
  }
  return core;
}
