/** Gives a terminal that this person drives the keyboard when it opens, once, unless they are at something else. */
import { useEffect, useRef } from 'react';
import type { LiveTerminal } from './live-terminal.ts';
import { wheelOf } from './seat-words.ts';
import type { Seat } from './terminal-socket.ts';

/** They are nowhere on the page, or have just opened this terminal and do not write elsewhere. */
const isFree = (isAsked: boolean): boolean => {
  const at = document.activeElement;
  return at === document.body || (isAsked && !at?.matches('input, textarea'));
};

export interface FirstKeyboardOptions {
  live: LiveTerminal | null;
  seat: Seat | null;
  /** The keyboard stays down until it is asked for. */
  isPhone: boolean;
  /** This person has just opened the terminal. */
  isAsked: boolean;
}

export function useFirstKeyboard({ live, seat, isPhone, isAsked }: FirstKeyboardOptions): void {
  const isSettled = useRef(false);
  const kind = seat && seat.closed === null ? wheelOf(seat).kind : null;
  useEffect(() => {
    if (isSettled.current || live === null || kind === null || kind === 'nobody') return;
    isSettled.current = true;
    if (kind === 'you' && !isPhone && isFree(isAsked)) live.focus();
  }, [live, kind, isPhone, isAsked]);
}
