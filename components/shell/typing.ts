/** Where keys are letters and not commands, and whose they are when a field goes away under its writer or a dialog is open. Pure. */

/** A checkbox takes no letters. */
export const fields = 'input:not([type="checkbox"]), textarea, select, [contenteditable="true"], [role="menu"]';

/** The part of an element that is looked at. */
export interface Field {
  isConnected: boolean;
}

/** The last key that went into a field. */
export interface Typed {
  field: Field;
  /** ms, on the clock of the events. */
  at: number;
}

/** Whoever pauses for so long, ms, has seen that the field is gone. */
const pauseMs = 1_000;

/** These keys leave a field on purpose. */
const leaving = new Set(['Enter', 'Escape', 'Tab']);

/** What is known after a key in `field`. */
export const typedIn = (field: Field, key: string, at: number): Typed | null =>
  leaving.has(key) ? null : { field, at };

/** The key belongs to a sentence whose field went away under its writer. */
export const isLeftOver = (typed: Typed | null, at: number): typed is Typed =>
  typed !== null && !typed.field.isConnected && at - typed.at < pauseMs;

/** Of an open dialog: whether something stands in it. */
export interface Dialog<T> {
  contains: (element: T) => boolean;
}

/** The last of the open dialogs has the keyboard for what stands in it. `within`: what the keys are about. */
export function isBehind<T>(open: readonly Dialog<T>[], within: T | null): boolean {
  const top = open.at(-1);
  return top !== undefined && (within === null || !top.contains(within));
}
