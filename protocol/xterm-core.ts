/**
 * The parts of xterm.js 6.0.0 behind its public surface that exact screens need, the same in @xterm/headless and
 * @xterm/xterm, and the check that they are there. ADR 009 says why; only the terminal path may know of them.
 */
import { AppError } from './error.ts';

/** Colours and flags as xterm packs them; `extended` counts only while the flag for it is set in `bg`. */
export interface CoreAttributes {
  fg: number;
  bg: number;
  extended: CoreExtended;
}

/** The pen: as long as its flags and `extended` are changed together, one follows from the other. */
export interface CorePen extends CoreAttributes {
  extended: CoreExtended & { underlineStyle: number; clone(): CorePen['extended'] };
  updateExtended(): void;
}

/** `_ext`: underline style and colour; `urlId` names a link, 0 is none. */
export interface CoreExtended {
  readonly _ext: number;
  readonly urlId: number;
}

/** Maps ASCII characters to others; undefined is US ASCII. */
export type CoreCharset = Readonly<Record<string, string>> | undefined;

/** Three numbers a cell: content, fg, bg. */
export interface CoreLine {
  readonly length: number;
  isWrapped: boolean;
  readonly _data: Uint32Array;
  readonly _combined: Record<number, string>;
  readonly _extendedAttrs: Readonly<Record<number, CoreExtended | undefined>>;
  getWidth(index: number): number;
  hasContent(index: number): number;
  resize(cols: number, fill: unknown): boolean;
  cleanupMemory(): number;
  setCellFromCodepoint(index: number, code: number, width: number, attributes: CoreAttributes): void;
}

export interface CoreBuffer {
  readonly lines: { readonly length: number; maxLength: number; get(index: number): CoreLine | undefined };
  x: number;
  readonly y: number;
  readonly ybase: number;
  readonly scrollTop: number;
  readonly scrollBottom: number;
  readonly tabs: Record<number, boolean | undefined>;
  savedX: number;
  savedY: number;
  readonly savedCurAttrData: CoreAttributes;
  readonly savedCharset: CoreCharset;
  getNullCell(): unknown;
  readonly _memoryCleanupQueue: { clear(): void };
}

export interface CoreModes {
  readonly applicationCursorKeys: boolean;
  readonly applicationKeypad: boolean;
  readonly bracketedPasteMode: boolean;
  readonly cursorBlink: boolean | undefined;
  readonly cursorStyle: 'block' | 'underline' | 'bar' | undefined;
  readonly origin: boolean;
  readonly reverseWraparound: boolean;
  sendFocus: boolean;
  readonly synchronizedOutput: boolean;
  readonly wraparound: boolean;
}

/** Parameters of a control sequence; they may be changed before the built-in handler sees them. */
export interface CoreParams {
  readonly length: number;
  readonly params: Int32Array;
}

export interface UnicodeProvider {
  readonly version: string;
  wcwidth(code: number): 0 | 1 | 2;
  /** Bit 0: joins the cell before; bits 1-2: width; the rest is the provider's own state. */
  charProperties(code: number, preceding: number): number;
}

interface SequenceId {
  prefix?: string;
  intermediates?: string;
  final: string;
}

export interface CoreParser {
  /** 0 between sequences. */
  readonly currentState: number;
  /** What the next character may join or `REP` repeats; 0 is nothing. */
  precedingJoinState: number;
  registerCsiHandler(id: SequenceId, handler: (params: CoreParams) => boolean): unknown;
  clearOscHandler(id: number): void;
  registerOscHandler(id: number, handler: CoreStringHandler): unknown;
  clearDcsHandler(id: SequenceId): void;
  registerDcsHandler(id: SequenceId, handler: CoreDeviceHandler): unknown;
}

/** Takes a string sequence piece by piece; `end` answers whether it was handled. */
export interface CoreStringHandler {
  start(): void;
  put(data: Uint32Array, start: number, end: number): void;
  end(isComplete: boolean): boolean;
}

/** The same for a device control string. */
export interface CoreDeviceHandler {
  hook(params: CoreParams): void;
  put(data: Uint32Array, start: number, end: number): void;
  unhook(isComplete: boolean): boolean;
}

export type CoreOperation = (params: CoreParams, respectProtect?: boolean) => boolean;

export interface CoreInput {
  /** Synchronous as long as no handler returns a promise; none of ours does. */
  parse(data: Uint8Array): unknown;
  print(data: Uint32Array, start: number, end: number): void;
  setHyperlink(data: string): boolean;
  requestStatusString(data: string, params: CoreParams): boolean;
  setModePrivate(params: { length: number; params: number[] }): boolean;
  _eraseInBufferLine(y: number, start: number, end: number, clearWrap: boolean, respectProtect: boolean): void;
  _resetBufferLine(y: number, respectProtect: boolean): void;
  _restrictCursor(maxCol: number): void;
  markRangeDirty(from: number, to: number): void;
  restoreCursor(params?: unknown): boolean;
  screenAlignmentPattern(): boolean;
  eraseInLine: CoreOperation;
  eraseInDisplay: CoreOperation;
  scrollUp: CoreOperation;
  scrollDown: CoreOperation;
  scrollLeft: CoreOperation;
  scrollRight: CoreOperation;
  insertChars: CoreOperation;
  insertColumns: CoreOperation;
  deleteColumns: CoreOperation;
  readonly _curAttrData: CorePen;
  _eraseAttrData(): CoreAttributes;
  readonly _parser: CoreParser;
}

/** A link that output put on text; `id` joins pieces of it. */
export interface CoreLink {
  id?: string;
  uri: string;
}

export interface XtermCore {
  readonly cols: number;
  readonly rows: number;
  readonly options: { convertEol: boolean; cursorBlink: boolean };
  readonly buffers: {
    readonly normal: CoreBuffer;
    readonly alt: CoreBuffer;
    readonly active: CoreBuffer;
    activateNormalBuffer(): void;
    activateAltBuffer(fill?: CoreAttributes): void;
  };
  readonly coreService: {
    readonly isCursorHidden: boolean;
    readonly modes: { insertMode: boolean };
    readonly decPrivateModes: CoreModes;
  };
  readonly coreMouseService: { readonly activeProtocol: string; readonly activeEncoding: string };
  readonly unicodeService: {
    readonly _providers: Record<string, UnicodeProvider | undefined>;
    activeVersion: string;
    register(provider: UnicodeProvider): void;
  };
  readonly _charsetService: {
    readonly charset: CoreCharset;
    readonly glevel: number;
    readonly _charsets: CoreCharset[];
  };
  readonly _oscLinkService: {
    registerLink(link: CoreLink): number;
    addLineToLink(id: number, y: number): void;
    getLinkData(id: number): CoreLink | undefined;
  };
  readonly _inputHandler: CoreInput;
}

export function eachLine(buffer: CoreBuffer, visit: (line: CoreLine) => void): void {
  for (let i = 0; i < buffer.lines.length; i++) {
    const line = buffer.lines.get(i);
    if (line) visit(line);
  }
}

/** The core behind a public terminal. Throws AppError `server.internal` if the library is not the one we know. */
export function coreOf(terminal: object): XtermCore {
  const core = (terminal as { _core?: XtermCore })._core;
  const isKnown =
    typeof core?._inputHandler?._parser?.currentState === 'number' &&
    typeof core._inputHandler._resetBufferLine === 'function' &&
    typeof core.buffers?.normal?.savedY === 'number' &&
    Array.isArray(core._charsetService?._charsets) &&
    typeof core._oscLinkService?.registerLink === 'function' &&
    typeof core.unicodeService?._providers === 'object' &&
    typeof core.coreService?.decPrivateModes?.wraparound === 'boolean';
  if (core === undefined || !isKnown) {
    throw new AppError({ code: 'server.internal', message: 'this version of xterm.js is not supported' });
  }
  return core;
}
