/** Text of agents as the log takes it. */
import { maxItemText } from '#protocol/turn-event.ts';

const cutNote = '\n… cut here: the rest is longer than Omnigent keeps';

/** What the log can hold: without NUL and half surrogates, and not too long. */
export function bounded(text: string): string {
  const cut = text.length <= maxItemText ? text : `${text.slice(0, maxItemText - cutNote.length)}${cutNote}`;
  return cut.replaceAll('\0', '␀').replace(/\p{Surrogate}/gu, '\ufffd');
}
