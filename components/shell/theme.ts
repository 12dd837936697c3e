/** Dark, light or as the system says; remembered by this browser and set before the first paint. */
import { storedWord } from '#components/ui/use-stored.ts';
import { themeKey } from './theme-script.ts';

export type Theme = 'system' | 'dark' | 'light';

export const storedTheme = storedWord<Theme>(themeKey, ['system', 'dark', 'light'], 'system');

/** Whether terminals follow the page or stay dark. */
export const storedTerminalTheme = storedWord('omnigent.terminal-theme', ['follow', 'dark'], 'follow');

/** Puts a theme on the page; without an attribute the tokens follow the system. */
export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
