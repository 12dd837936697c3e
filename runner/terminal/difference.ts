/** Says in what two exact emulators differ, cell by cell and in everything that later output could show. For tests. */
import type {
  CoreAttributes,
  CoreBuffer,
  CoreCharset,
  CoreExtended,
  CoreLine,
  XtermCore,
} from '#protocol/xterm-core.ts';
import { bgFlag, Cells } from './draw/cell.ts';

/** More differences than this tell nothing new. */
const maxDifferences = 12;

type Fact = string | number | boolean | undefined;

/** Links are numbered per emulator; what counts is where they lead. */
function linkOf(core: XtermCore, urlId: number): string {
  const data = urlId === 0 ? undefined : core._oscLinkService.getLinkData(urlId);
  return data ? `${data.id ?? ''};${data.uri}` : '';
}

function extendedFacts(core: XtermCore, extended: CoreExtended | null): string {
  return extended === null ? '' : `${extended._ext.toString(16)} ${linkOf(core, extended.urlId)}`;
}

function cellFacts(core: XtermCore, line: CoreLine, x: number): string {
  const cells = new Cells(line);
  const [fg, bg] = [cells.fg(x).toString(16), cells.bg(x).toString(16)];
  return `${JSON.stringify(cells.text(x))} w${cells.width(x)} fg ${fg} bg ${bg} ${extendedFacts(core, cells.extended(x))}`;
}

function sameLine(a: CoreLine, b: CoreLine): boolean {
  if (a.isWrapped !== b.isWrapped || a.length !== b.length) return false;
  for (let i = 0; i < a.length * 3; i++) {
    const [left, right] = [a._data[i] ?? 0, b._data[i] ?? 0];
    // Combined text and extended colours live beside the numbers: those cells are looked at one by one.
    if (left !== right || (i % 3 === 0 && left & 0x200000) || (i % 3 === 2 && left & bgFlag.extended)) return false;
  }
  return true;
}

class Differences {
  readonly found: string[] = [];

  fact(name: string, a: Fact, b: Fact): void {
    if (a !== b && this.found.length < maxDifferences) this.found.push(`${name}: ${a} ≠ ${b}`);
  }

  lines(name: string, [coreA, a]: [XtermCore, CoreLine], [coreB, b]: [XtermCore, CoreLine]): void {
    if (sameLine(a, b)) return;
    this.fact(`${name} wrapped`, a.isWrapped, b.isWrapped);
    this.fact(`${name} length`, a.length, b.length);
    for (let x = 0; x < Math.min(a.length, b.length); x++) {
      this.fact(`${name} column ${x}`, cellFacts(coreA, a, x), cellFacts(coreB, b, x));
    }
  }
}

/** Letters of character sets are not needed to compare them: what they map an alphabet to tells them apart. */
const charsetFacts = (set: CoreCharset): string => (set ? JSON.stringify(set).slice(0, 60) : '');

const attributeFacts = ({ fg, bg }: Pick<CoreAttributes, 'fg' | 'bg'>) =>
  `fg ${(fg >>> 0).toString(16)} bg ${(bg >>> 0).toString(16)}`;

function bufferFacts(core: XtermCore, buffer: CoreBuffer): Record<string, Fact> {
  const isActive = core.buffers.active === buffer;
  return {
    lines: buffer.lines.length,
    base: buffer.ybase,
    // On a screen that is not shown, the next resize still goes by the cursor's row.
    cursor: isActive ? `${buffer.x},${buffer.y}` : `${buffer.lines.length > 0 ? buffer.y : ''}`,
    region: `${buffer.scrollTop}-${buffer.scrollBottom}`,
    tabs: Object.keys(buffer.tabs)
      .filter((x) => buffer.tabs[Number(x)] && Number(x) < core.cols)
      .join(),
    savedCursor: `${Math.min(buffer.savedX, core.cols - 1)},${buffer.savedY}`,
    savedLook: `${attributeFacts(buffer.savedCurAttrData)} ${charsetFacts(buffer.savedCharset)}`,
  };
}

function stateFacts(core: XtermCore): Record<string, Fact> {
  const { coreService, coreMouseService, _charsetService: charsets, _inputHandler: input, options } = core;
  const pen = input._curAttrData;
  return {
    size: `${core.cols}x${core.rows}`,
    buffer: core.buffers.active === core.buffers.alt ? 'alternate' : 'normal',
    modes: JSON.stringify({ ...coreService.modes, ...coreService.decPrivateModes }),
    hidden: coreService.isCursorHidden,
    options: `${options.convertEol} ${options.cursorBlink}`,
    mouse: `${coreMouseService.activeProtocol} ${coreMouseService.activeEncoding}`,
    charset: charsetFacts(charsets.charset),
    charsets: [0, 1, 2, 3].map((g) => charsetFacts(charsets._charsets[g])).join('|'),
    shift: charsets.glevel,
    pen: `${attributeFacts(pen)} ${extendedFacts(core, pen.extended)}`,
    join: input._parser.precedingJoinState,
    parser: input._parser.currentState,
  };
}

function compareBuffers(found: Differences, name: 'normal' | 'alt', a: XtermCore, b: XtermCore): void {
  const [left, right] = [a.buffers[name], b.buffers[name]];
  const [factsA, factsB] = [bufferFacts(a, left), bufferFacts(b, right)];
  for (const key of Object.keys(factsA)) found.fact(`${name} ${key}`, factsA[key], factsB[key]);
  for (let y = 0; y < Math.min(left.lines.length, right.lines.length); y++) {
    const [lineA, lineB] = [left.lines.get(y), right.lines.get(y)];
    if (lineA && lineB) found.lines(`${name} line ${y}`, [a, lineA], [b, lineB]);
  }
}

/** The first differences in words; empty when the two are the same screen in the same state. */
export function differences(a: XtermCore, b: XtermCore): string[] {
  const found = new Differences();
  const [factsA, factsB] = [stateFacts(a), stateFacts(b)];
  for (const key of Object.keys(factsA)) found.fact(key, factsA[key], factsB[key]);
  compareBuffers(found, 'normal', a, b);
  compareBuffers(found, 'alt', a, b);
  return found.found;
}
