/** What a person allowed for the rest of a session: the same tool on the same bytes in the same folder. Pure. */
import type { SessionView } from '#protocol/session-view.ts';
import type { SessionAllowance } from '#protocol/turn-view.ts';
import type { ProposedAction } from '#server/turn/index.ts';

/** The allowance that covers the action; null without one. */
export function allowanceFor(action: ProposedAction, view: SessionView): SessionAllowance | null {
  const found = view.turns.allowances?.find(
    ({ tool, command, paths, cwd }) =>
      tool === action.tool &&
      cwd === action.cwd &&
      command === action.command &&
      (command !== null || (paths.length > 0 && paths.join('\0') === action.paths.join('\0'))),
  );
  return found ?? null;
}
