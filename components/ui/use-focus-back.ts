/** Gives the focus back to the actions of a row when what they opened has closed. */
import { useEffect, useRef } from 'react';

/** The element of the actions; what was open and is closed leaves the focus there, unless something else has it. */
export function useFocusBack(isOpen: boolean) {
  const actions = useRef<HTMLDivElement>(null);
  const wasOpen = useRef(false);
  useEffect(() => {
    const isLost = document.activeElement === null || document.activeElement === document.body;
    if (!isOpen && wasOpen.current && isLost) actions.current?.querySelector('button')?.focus();
    wasOpen.current = isOpen;
  }, [isOpen]);
  return actions;
}
