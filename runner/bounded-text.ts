/** Text of agents as the log takes it. */
import { maxItemText } from '#protocol/turn-event.ts';

const cutNote = '\n… cut here: the rest is longer than Omnigent keeps';

/** The beginning of a text, as long as the log takes it and without what it cannot hold: NUL and half surrogates. */
export const storable = (text: string, maxLength: number): string =>
  text
    .slice(0, maxLength)
    .replaceAll('\0', '␀')
    .replace(/\p{Surrogate}/gu, '\ufffd');

/** The text of an item; a longer one is cut with a note. */
export const bounded = (text: string): string =>
  text.length <= maxItemText
    ? storable(text, maxItemText)
    : `${storable(text, maxItemText - cutNote.length)}${cutNote}`;
