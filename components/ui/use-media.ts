/** What the screen and the machine at hand can do. */
import { useCallback, useSyncExternalStore } from 'react';

/** Whether a media query holds; `onServer` until the browser knows. */
function useMedia(query: string, onServer = false): boolean {
  const subscribe = useCallback(
    (changed: () => void) => {
      const list = window.matchMedia(query);
      list.addEventListener('change', changed);
      return () => list.removeEventListener('change', changed);
    },
    [query],
  );
  return useSyncExternalStore(
    subscribe,
    () => window.matchMedia(query).matches,
    () => onServer,
  );
}

/** Below 640 px: one pane at a time, big targets. */
export const useIsPhone = (): boolean => useMedia('(max-width: 639px)');

/** Room for three panes side by side. */
export const useIsFull = (): boolean => useMedia('(min-width: 1120px)', true);

const nothing = () => () => undefined;

/** The keyboard has ⌘ and ⌥. */
export const useIsMac = (): boolean =>
  useSyncExternalStore(
    nothing,
    () => /Mac|iPhone|iPad/.test(navigator.platform),
    () => false,
  );
