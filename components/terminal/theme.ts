/** The emulator's colours and font, read from the design tokens. xterm.js resolves no CSS variables itself. */
import type { ITheme } from '@xterm/xterm';

const ansi = [
  'black',
  'red',
  'green',
  'yellow',
  'blue',
  'magenta',
  'cyan',
  'white',
  'brightBlack',
  'brightRed',
  'brightGreen',
  'brightYellow',
  'brightBlue',
  'brightMagenta',
  'brightCyan',
  'brightWhite',
] as const satisfies readonly (keyof ITheme)[];

/** `read` gives a token's value, such as `--ansi-1`. */
function themeFrom(read: (token: string) => string): ITheme {
  const colours = Object.fromEntries(ansi.map((name, index) => [name, read(`--ansi-${index}`)]));
  return {
    ...colours,
    background: read('--well'),
    foreground: read('--text'),
    cursor: read('--text'),
    cursorAccent: read('--well'),
    selectionBackground: read('--accent-line'),
    scrollbarSliderBackground: `${read('--line-strong')}99`,
    scrollbarSliderHoverBackground: read('--line-strong'),
    scrollbarSliderActiveBackground: read('--control-line'),
  };
}

/** The theme as it is at `element`, which may be pinned to dark. */
export function themeAt(element: Element): ITheme {
  const style = getComputedStyle(element);
  return themeFrom((token) => style.getPropertyValue(token).trim());
}

/** Colours for marks of the search, in the #RRGGBB form that its addon needs. */
export const searchColours = (theme: ITheme, needs: string) => ({
  matchBackground: theme.black ?? '#222829',
  matchOverviewRuler: theme.brightBlack ?? '#818888',
  activeMatchBackground: needs,
  activeMatchColorOverviewRuler: needs,
});

/** A terminal waits this long for its font, in ms. */
const fontPatienceMs = 3_000;

/**
 * The mono family as the browser knows it, once it is loaded in the weights that a terminal uses. A font that does not come
 * is no reason to show no terminal: the family's next one takes its place.
 */
export async function loadMonoFamily(): Promise<string> {
  const family = getComputedStyle(document.documentElement).getPropertyValue('--font-mono').trim();
  const loaded = Promise.all([document.fonts.load(`13px ${family}`), document.fonts.load(`600 13px ${family}`)]);
  const late = new Promise((resolve) => setTimeout(resolve, fontPatienceMs));
  await Promise.race([loaded.then(() => document.fonts.ready).catch(() => undefined), late]);
  return family;
}

/** Width of a character of a mono family as a part of its font size. */
export function characterWidth(family: string): number {
  const context = document.createElement('canvas').getContext('2d');
  if (!context) return 0.6;
  context.font = `100px ${family}`;
  return context.measureText('W').width / 100;
}
