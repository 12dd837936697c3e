/** Who drives a terminal: one pure decision per wish, from the session's view. Knows neither sockets nor bytes. */
import { AppError } from '#protocol/error.ts';
import type { NewEvent } from '#protocol/event.ts';
import type { PersonId, TerminalId } from '#protocol/id.ts';
import { isAtLeast, type Role } from '#protocol/role.ts';
import type { SessionView, TerminalView } from '#protocol/session-view.ts';

export type DriverWish =
  /** The person who opened the terminal, or who typed where nobody drove. */
  { how: 'opened' | 'typed' } | { how: 'taken' } | { how: 'given'; to: PersonId | null };

export interface Wisher {
  personId: PersonId;
  role: Role;
}

/** The terminal in the view. Throws `terminal.not-found`. */
export function terminalIn(view: SessionView | null, terminalId: TerminalId): TerminalView {
  const terminal = view?.terminals.find((candidate) => candidate.terminalId === terminalId);
  if (!terminal) throw new AppError({ code: 'terminal.not-found', message: 'no such terminal' });
  return terminal;
}

/**
 * The events that fulfil a wish; none when it is so already. Throws `auth.forbidden` below editor, `terminal.closed`,
 * `terminal.not-driver` when somebody else's wheel is given away, `person.not-found` when it is given to a stranger.
 */
export function decideDriver(
  view: SessionView | null,
  terminalId: TerminalId,
  who: Wisher,
  wish: DriverWish,
): NewEvent[] {
  const terminal = terminalIn(view, terminalId);
  if (terminal.closed) throw new AppError({ code: 'terminal.closed', message: 'its program has ended' });
  if (!isAtLeast(who.role, 'editor'))
    throw new AppError({ code: 'auth.forbidden', message: 'editors and owners drive' });
  const change = (driver: PersonId | null, how: 'opened' | 'typed' | 'taken' | 'given' | 'released'): NewEvent[] =>
    terminal.driver === driver
      ? []
      : [{ type: 'driver.changed', payload: { terminalId, driver, how }, principal: who.personId }];
  switch (wish.how) {
    case 'opened':
    case 'typed':
      return terminal.driver === null ? change(who.personId, wish.how) : [];
    case 'taken':
      return change(who.personId, 'taken');
    case 'given':
      if (terminal.driver !== who.personId) {
        throw new AppError({ code: 'terminal.not-driver', message: 'only the driver hands over' });
      }
      if (wish.to !== null) checkReceiver(view, wish.to);
      return change(wish.to, wish.to === null ? 'released' : 'given');
  }
}

/** The wheel is given to somebody who is in the session and may drive. */
function checkReceiver(view: SessionView | null, personId: PersonId): void {
  const member = view?.members.find((candidate) => candidate.personId === personId);
  if (!member) throw new AppError({ code: 'person.not-found', message: 'to: nobody of this session' });
  if (!isAtLeast(member.role, 'editor')) throw new AppError({ code: 'auth.forbidden', message: 'to: may not drive' });
}
