/** Keeps the page's theme equal to the stored choice, also when another tab changes it. */
import { useLayoutEffect } from 'react';
import { useStored } from '#components/ui/use-stored.ts';
import { applyTheme, storedTheme } from './theme.ts';

export function ThemeKeeper() {
  const [theme] = useStored(storedTheme);
  useLayoutEffect(() => applyTheme(theme), [theme]);
  return null;
}
