/** Names xterm.js' character sets by the letter that selects them. */
import type { CoreCharset, XtermCore } from '#protocol/xterm-core.ts';

/** Letters that xterm.js 6.0.0 knows; US ASCII is B. */
const letters = '0AB4C5RQKYE6ZH7=';

/** Selects sets into G0 and puts them back, as far as `core` has to be read for it; call it on a fresh emulator. */
export function charsetLetters(core: XtermCore): ReadonlyMap<CoreCharset, string> {
  const found = new Map<CoreCharset, string>();
  for (const letter of letters) {
    core._inputHandler.parse(new TextEncoder().encode(`\x1b(${letter}`));
    const set = core._charsetService._charsets[0];
    if (!found.has(set)) found.set(set, letter);
  }
  core._inputHandler.parse(new TextEncoder().encode('\x1b(B'));
  found.set(undefined, 'B');
  return found;
}

/** What has to be printed under `set` so that `text` appears. */
export function beforeCharset(set: CoreCharset, text: string): string {
  const first = text.charAt(0);
  if (!set?.[first] || text.codePointAt(0) !== first.charCodeAt(0)) return text;
  const key = Object.keys(set).find((candidate) => set[candidate] === first);
  return key === undefined ? text : key + text.slice(1);
}
