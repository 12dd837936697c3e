/**
 * Links of an xterm.js 6.0.0 terminal, kept by what they are. The library keeps them by the lines they were put on,
 * with listeners for each: thousands slow every scroll, and a link is forgotten while its text is still there.
 */
import { type CoreLink, eachLine, type XtermCore } from './xterm-core.ts';

/** Different links on the screen and above it; the text of further ones stays, unlinked. */
const maxLinks = 4_096;
/** Links that are left out before it is looked again which are still in use. */
const maxRefused = 1_024;

/** Numbers of the links that some cell or the pen has. */
function linksInUse(core: XtermCore): Set<number> {
  const used = new Set([core._inputHandler._curAttrData.extended.urlId]);
  for (const buffer of [core.buffers.normal, core.buffers.alt]) {
    eachLine(buffer, (line) => {
      for (const extended of Object.values(line._extendedAttrs)) if (extended) used.add(extended.urlId);
    });
  }
  return used;
}

export function internLinks(core: XtermCore): void {
  const numbers = new Map<string, number>();
  const links = new Map<number, CoreLink>();
  let last = 0;
  let refused = 0;
  const forgetUnused = (): void => {
    const used = linksInUse(core);
    for (const [key, number] of numbers) {
      if (used.has(number)) continue;
      numbers.delete(key);
      links.delete(number);
    }
  };
  const service = core._oscLinkService;
  service.registerLink = (link) => {
    const key = `${link.id === undefined ? '' : `id=${link.id}`};${link.uri}`;
    const known = numbers.get(key);
    if (known !== undefined) return known;
    // Looking at every cell for each link that has no room would take minutes for a screen full of them.
    if (numbers.size >= maxLinks && refused++ % maxRefused === 0) forgetUnused();
    if (numbers.size >= maxLinks) return 0;
    refused = 0;
    last++;
    numbers.set(key, last);
    links.set(last, link);
    return last;
  };
  service.addLineToLink = () => undefined;
  service.getLinkData = (number) => links.get(number);
}
