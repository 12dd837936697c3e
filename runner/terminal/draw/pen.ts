/** The pen of an emulator that a snapshot is drawn on: turns colours and flags into the sequences that set them. */
import type { CoreExtended, XtermCore } from '#protocol/xterm-core.ts';
import { bgFlag, colourMask, fgFlag, mode256, modeMask, underlineStyle } from './cell.ts';

/** What the pen writes with. `ext` and `link` are those in force, whether `bg` says so or not. */
export interface Ink {
  fg: number;
  bg: number;
  ext: number;
  /** Parameters and address of the open link as OSC 8 takes them; empty: none. */
  link: string;
}

export const plainInk: Ink = { fg: 0, bg: 0, ext: 0, link: '' };

/** Stands for a link that matters only by being one. */
const someLink = ';#';

const fgCodes = [
  [fgFlag.bold, 1],
  [fgFlag.blink, 5],
  [fgFlag.inverse, 7],
  [fgFlag.invisible, 8],
  [fgFlag.strikethrough, 9],
] as const;
const bgCodes = [
  [bgFlag.dim, 2],
  [bgFlag.italic, 3],
  [bgFlag.overline, 53],
] as const;

const rgb = (value: number) => `${(value >>> 16) & 255};${(value >>> 8) & 255};${value & 255}`;

/** `target`: 38 foreground, 48 background, 58 underline. Upper bits that an earlier RGB colour left behind are kept. */
function colourCodes(target: 38 | 48 | 58, value: number): string[] {
  const mode = value & modeMask;
  if (mode === 0) return [];
  if (mode === modeMask) return [`${target};2;${rgb(value)}`];
  const left = value & 0xffff00 ? [`${target};2;${rgb(value & 0xffff00)}`] : [];
  const index = value & 255;
  if (mode === mode256 || target === 58) return [...left, `${target};5;${index}`];
  const base = (target === 38 ? 30 : 40) + (index >= 8 ? 52 : 0);
  return [...left, `${base + index}`];
}

/** Everything but the underline. */
function plainCodes(fg: number, bg: number): string[] {
  const codes: string[] = [];
  for (const [flag, code] of fgCodes) if (fg & flag) codes.push(`${code}`);
  for (const [flag, code] of bgCodes) if (bg & flag) codes.push(`${code}`);
  codes.push(...colourCodes(38, fg & colourMask), ...colourCodes(48, bg & colourMask));
  return codes;
}

function underlineCodes(ext: number): string[] {
  const style = underlineStyle(ext);
  const codes = style === 0 ? [] : [style === 1 ? '4' : `4:${style}`];
  return [...codes, ...colourCodes(58, ext & colourMask)];
}

export class Pen {
  readonly #core: XtermCore;
  readonly #write: (text: string) => void;
  #ink: Ink = plainInk;

  constructor(core: XtermCore, write: (text: string) => void) {
    this.#core = core;
    this.#write = write;
  }

  get ink(): Ink {
    return this.#ink;
  }

  /** What a cell or a pen of the source emulator writes with; of a cell's `extended` only what its flag covers. */
  inkOf(fg: number, bg: number, extended: CoreExtended | null): Ink {
    if (extended === null) return { fg, bg, ext: 0, link: '' };
    return { fg, bg, ext: extended._ext, link: this.#linkOf(extended.urlId) };
  }

  /** An ink with these flags, whatever else; a saved cursor keeps no more. */
  inkForFlags(fg: number, bg: number): Ink {
    const isUnderlined = (fg & fgFlag.underline) !== 0;
    const isExtended = (bg & bgFlag.extended) !== 0;
    if (!isExtended) return { fg, bg, ext: 0, link: '' };
    return isUnderlined ? { fg, bg, ext: 1 << 26, link: '' } : { fg, bg, ext: 0, link: someLink };
  }

  #linkOf(urlId: number): string {
    if (urlId === 0) return '';
    const data = this.#core._oscLinkService.getLinkData(urlId);
    if (!data) return '';
    return `${data.id === undefined ? '' : `id=${data.id}`};${data.uri}`;
  }

  /** True when nothing needs to be written to draw with this. Cheap: the common case of a run of equal cells. */
  isSet(fg: number, bg: number): boolean {
    return this.#ink.fg === fg && this.#ink.bg === bg && (bg & bgFlag.extended) === 0 && this.#ink.link === '';
  }

  set(ink: Ink): void {
    const now = this.#ink;
    if (ink.fg === now.fg && ink.bg === now.bg && ink.ext === now.ext && ink.link === now.link) return;
    if (ink.link !== now.link) this.#write(`\x1b]8;${ink.link === '' ? ';' : ink.link}\x1b\\`);
    this.#ink = ink;
    const codes = [...plainCodes(ink.fg, ink.bg), ...underlineCodes(ink.ext)];
    this.#write(codes.length === 0 ? '\x1b[m' : `\x1b[0;${codes.join(';')}m`);
    if (ink.bg & bgFlag.protected) this.#write('\x1b[1"q');
  }
}
