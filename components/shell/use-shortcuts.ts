/** Runs a page's commands from the keyboard, outside of text fields, terminals and open dialogs. */
import { type RefObject, useEffect, useEffectEvent, useRef } from 'react';
import { type Command, commandFor, type Scope } from './shortcut.ts';
import { fields, isBehind, isLeftOver, type Typed, typedIn } from './typing.ts';

export type CommandHandlers = Partial<Record<Command, () => void>>;

const dialogs = '[role="dialog"], [role="alertdialog"]';

/** Keys that a focused button, link, tab or checkbox uses itself. */
const isOwnKey = (event: KeyboardEvent, target: Element): boolean =>
  (event.key === 'Enter' || event.key === ' ') && target.matches('button, summary, input, a:not([data-row])');

const repeats = /\.(next|previous)$/;

/** `within`: what the commands are about, where it may stand in a dialog. */
export function useShortcuts(scope: Scope, handlers: CommandHandlers, within?: RefObject<HTMLElement | null>): void {
  const typed = useRef<Typed | null>(null);
  const onKeyDown = useEffectEvent((event: KeyboardEvent) => {
    const target = event.target instanceof Element ? event.target : document.body;
    const field = target.closest(fields);
    if (field) typed.current = typedIn(field, event.key, event.timeStamp);
    else if (!event.ctrlKey && !event.metaKey && isLeftOver(typed.current, event.timeStamp)) {
      typed.current = { ...typed.current, at: event.timeStamp };
      return;
    }
    if (event.defaultPrevented || event.isComposing) return;
    const command = commandFor(event, scope);
    const handler = command === null ? undefined : handlers[command];
    if (!handler) return;
    if (command !== 'palette' && (field || isOwnKey(event, target))) return;
    if (isBehind([...document.querySelectorAll(dialogs)], within?.current ?? null)) return;
    event.preventDefault();
    // A key that is held moves on and on; it does nothing else twice.
    if (!event.repeat || repeats.test(command ?? '')) handler();
  });
  useEffect(() => {
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, []);
}
