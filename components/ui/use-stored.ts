/** A choice that this browser remembers. Parsed when read, so an old or foreign value is as good as none. */
import { useCallback, useSyncExternalStore } from 'react';

export interface Stored<T> {
  /** Key in localStorage. */
  key: string;
  /** What is used when nothing valid is stored. */
  initial: T;
  /** The stored text as a value, or null when it is none. */
  parse(text: string): T | null;
  format(value: T): string;
}

/** Fired on `window` when this tab changes a stored choice; other tabs get the browser's own `storage`. */
const changed = 'omnigent:stored';

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    // Storage can be switched off; then nothing is remembered, and that is what the person asked for.
    return null;
  }
}

function write(key: string, text: string): void {
  try {
    localStorage.setItem(key, text);
  } catch {
    // As above: without storage the choice lasts as long as the page.
  }
  window.dispatchEvent(new Event(changed));
}

const subscribe = (listener: () => void) => {
  window.addEventListener(changed, listener);
  window.addEventListener('storage', listener);
  return () => {
    window.removeEventListener(changed, listener);
    window.removeEventListener('storage', listener);
  };
};

/** The stored value and its setter. The server renders `initial`. */
export function useStored<T>(stored: Stored<T>): [T, (value: T) => void] {
  const text = useSyncExternalStore(
    subscribe,
    () => read(stored.key),
    () => null,
  );
  const set = useCallback((value: T) => write(stored.key, stored.format(value)), [stored]);
  return [(text === null ? null : stored.parse(text)) ?? stored.initial, set];
}

/** A stored choice between fixed words. */
export const storedWord = <T extends string>(key: string, words: readonly T[], initial: T): Stored<T> => ({
  key,
  initial,
  parse: (text) => words.find((word) => word === text) ?? null,
  format: (word) => word,
});

/** A stored whole number within bounds. */
export const storedNumber = (key: string, initial: number, least: number, most: number): Stored<number> => ({
  key,
  initial,
  parse: (text) => {
    const value = Number(text);
    return text.trim() !== '' && Number.isFinite(value) ? Math.min(most, Math.max(least, Math.round(value))) : null;
  },
  format: String,
});
