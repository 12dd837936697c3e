/** What would run if a person approved an action: as it was asked, or with the command that they put in its place. */
import { actionFactsSchema } from '#protocol/action-facts.ts';
import { AppError } from '#protocol/error.ts';
import type { ActionId, SessionId } from '#protocol/id.ts';
import type { RunnerLink } from '#server/runner/index.ts';
import type { Log } from '#server/session/index.ts';
import type { ProposedAction } from './judge.ts';

export interface EditDeps {
  log: Log;
  link: (sessionId: SessionId) => RunnerLink | null;
}

/** `edit` replaces the command; null: as it was asked. Throws `approval.refused`, and `runner.unreachable` for an edit. */
export type Propose = (sessionId: SessionId, actionId: ActionId, edit: string | null) => Promise<ProposedAction>;

/** What an edited command would touch its runner says; without one nothing is edited. */
export const createPropose =
  ({ log, link }: EditDeps): Propose =>
  async (sessionId, actionId, edit) => {
    const requested = await log.recall(sessionId, `requested:${actionId}`);
    if (requested?.type !== 'action.requested')
      throw new AppError({ code: 'approval.refused', message: 'its action is not known' });
    const action = { ...requested.payload, sessionId };
    if (edit === null) return action;
    const runner = link(sessionId);
    if (!runner) throw new AppError({ code: 'runner.unreachable', message: 'the runner cannot be reached; try again' });
    const answer = await runner.request({ type: 'action.examine', actionId, command: edit, cwd: action.cwd });
    return { ...action, command: edit, facts: actionFactsSchema.parse(answer) };
  };
