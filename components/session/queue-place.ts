/** Where a prompt goes that is moved within its queue. Pure. */
import type { TurnId } from '#protocol/id.ts';

/** Before which prompt the one at `from` comes to take the place of the one at `to`; null: to the end. */
export const placeBefore = (queue: readonly { turnId: TurnId }[], from: number, to: number): TurnId | null =>
  queue[from < to ? to + 1 : to]?.turnId ?? null;
