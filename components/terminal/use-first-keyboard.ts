/** Gives a terminal the keyboard when it opens, once, if this person drives it and is nowhere else on the page. */
import { useEffect, useRef } from 'react';
import type { LiveTerminal } from './live-terminal.ts';
import { wheelOf } from './seat-words.ts';
import type { Seat } from './terminal-socket.ts';

/** On a phone the keyboard stays down until it is asked for. */
export function useFirstKeyboard(live: LiveTerminal | null, seat: Seat | null, isPhone: boolean): void {
  const isSettled = useRef(false);
  const kind = seat && seat.closed === null ? wheelOf(seat).kind : null;
  useEffect(() => {
    if (isSettled.current || live === null || kind === null || kind === 'nobody') return;
    isSettled.current = true;
    if (kind === 'you' && !isPhone && document.activeElement === document.body) live.focus();
  }, [live, kind, isPhone]);
}
