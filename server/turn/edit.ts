/** An edited command is judged like any other before it runs in place of what was asked. */
import { actionFactsSchema } from '#protocol/action-facts.ts';
import { AppError } from '#protocol/error.ts';
import type { ActionId, SessionId } from '#protocol/id.ts';
import type { RunnerLink } from '#server/runner/index.ts';
import type { Log } from '#server/session/index.ts';
import { checked, type Judge } from './judge.ts';

export interface EditDeps {
  log: Log;
  judge: Judge;
  link: (sessionId: SessionId) => RunnerLink | null;
}

/**
 * Why the command may not run in place of the action's, or null: a person who approves it is asked already, so only a
 * denial counts. The runner says what it would touch; without one nothing is edited.
 */
export const createEditJudge =
  ({ log, judge, link }: EditDeps) =>
  async (sessionId: SessionId, actionId: ActionId, command: string): Promise<string | null> => {
    const [requested, view] = await Promise.all([log.recall(sessionId, `requested:${actionId}`), log.view(sessionId)]);
    if (requested?.type !== 'action.requested' || !view) return 'its action is not known';
    const { payload } = requested;
    const runner = link(sessionId);
    if (!runner) throw new AppError({ code: 'runner.unreachable', message: 'the runner cannot be reached; try again' });
    const answer = await runner.request({ type: 'action.examine', actionId, command, cwd: payload.cwd });
    const facts = actionFactsSchema.parse(answer);
    const { verdict, reasons } = checked(await judge({ ...payload, command, facts, sessionId }, view));
    return verdict === 'deny' ? reasons.join('; ') || 'it is denied by policy' : null;
  };
