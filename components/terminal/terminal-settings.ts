/** How this browser likes its terminals, kept on every live one. */
import { useEffect } from 'react';
import { storedTerminalTheme } from '#components/shell/theme.ts';
import { storedNumber, storedWord, useStored } from '#components/ui/use-stored.ts';
import type { LiveTerminal } from './live-terminal.ts';

const fontSizes = { least: 8, most: 28, usual: 13 };

const storedFontSize = storedNumber('omnigent.terminal-font-size', fontSizes.usual, fontSizes.least, fontSizes.most);
const storedScreenReader = storedWord('omnigent.terminal-screen-reader', ['off', 'on'], 'off');

export interface TerminalSettings {
  isAlwaysDark: boolean;
  stepFontSize: (step: 1 | -1) => void;
  isScreenReader: boolean;
  setScreenReader: (isOn: boolean) => void;
}

/** Font size of terminals, px. */
export const useFontSize = (): number => useStored(storedFontSize)[0];

/** Applies the settings to `live` and lets them be changed. */
export function useTerminalSettings(live: LiveTerminal | null): TerminalSettings {
  const [fontSize, setFontSize] = useStored(storedFontSize);
  const [theme] = useStored(storedTerminalTheme);
  const [screenReader, setScreenReader] = useStored(storedScreenReader);
  const isScreenReader = screenReader === 'on';
  const isAlwaysDark = theme === 'dark';
  useEffect(() => live?.setFontSize(fontSize), [live, fontSize]);
  useEffect(() => live?.setScreenReaderMode(isScreenReader), [live, isScreenReader]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: colours are read where the screen stands, which this changes
  useEffect(() => live?.refreshTheme(), [live, isAlwaysDark]);
  return {
    isAlwaysDark,
    isScreenReader,
    stepFontSize: (step) => setFontSize(Math.min(fontSizes.most, Math.max(fontSizes.least, fontSize + step))),
    setScreenReader: (isOn) => setScreenReader(isOn ? 'on' : 'off'),
  };
}
