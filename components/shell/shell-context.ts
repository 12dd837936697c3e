/** What every page can ask of the shell around it. */
import { createContext, useContext } from 'react';

export interface Shell {
  /** Opens the palette: with commands first, or to search inside sessions. */
  openPalette(mode: 'commands' | 'search'): void;
  openHelp(): void;
  openNewSession(): void;
}

export const ShellContext = createContext<Shell | null>(null);

export function useShell(): Shell {
  const shell = useContext(ShellContext);
  if (!shell) throw new Error('useShell needs a ShellFrame');
  return shell;
}
