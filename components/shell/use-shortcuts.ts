/** Runs a page's commands from the keyboard, outside of text fields, terminals and open dialogs. */
import { useEffect, useEffectEvent } from 'react';
import { type Command, commandFor, type Scope } from './shortcut.ts';

export type CommandHandlers = Partial<Record<Command, () => void>>;

const typing =
  'input, textarea, select, [contenteditable="true"], [role="dialog"], [role="menu"], [role="alertdialog"]';
/** Keys that a focused button, link or tab uses itself. */
const isOwnKey = (event: KeyboardEvent, target: Element): boolean =>
  (event.key === 'Enter' || event.key === ' ') && target.matches('button, summary, a:not([data-row])');

const repeats = /\.(next|previous)$/;

export function useShortcuts(scope: Scope, handlers: CommandHandlers): void {
  const onKeyDown = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing) return;
    const command = commandFor(event, scope);
    const handler = command === null ? undefined : handlers[command];
    if (!handler) return;
    const target = event.target instanceof Element ? event.target : document.body;
    if (command !== 'palette' && (target.closest(typing) || isOwnKey(event, target))) return;
    if (document.querySelector('[role="dialog"], [role="alertdialog"]')) return;
    event.preventDefault();
    // A key that is held moves on and on; it does nothing else twice.
    if (!event.repeat || repeats.test(command ?? '')) handler();
  });
  useEffect(() => {
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, []);
}
