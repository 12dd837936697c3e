/** Judgements by the newest view of a session: what follows from one stands at the place in the log that it was made for. */
import type { NewEvent } from '#protocol/event.ts';
import type { SessionView } from '#protocol/session-view.ts';
import type { Appended, Log } from '#server/session/index.ts';
import { checked, denial, type Judge, type Judgement, type ProposedAction } from './judge.ts';

export interface JudgingDeps {
  log: Log;
  judge: Judge;
  note: (line: string) => void;
}

/** A judge that reads first answers at once the next time; one that never does denies after so many questions. */
const maxRounds = 5;
const judgeFailed = 'judge.failed';

/** What the judge says, made usable. The promise never rejects. */
export function askJudge(
  { judge, note }: Pick<JudgingDeps, 'judge' | 'note'>,
  action: ProposedAction,
  view: SessionView,
): Judgement | Promise<Judgement> {
  const failed = (cause: unknown) => {
    note(`judge: ${String(cause)}`);
    return denial(judgeFailed, 'the policy failed');
  };
  try {
    const answer = judge(action, view);
    return answer instanceof Promise ? answer.then(checked, failed) : checked(answer);
  } catch (cause) {
    return failed(cause);
  }
}

/**
 * Appends what `decide` makes of the judgement of the newest view. A judge that must read first is waited for and asked
 * again, since the view, and with it the rules, may be another by then.
 */
export async function appendJudged(
  deps: JudgingDeps,
  action: ProposedAction,
  decide: (view: SessionView, judgement: Judgement) => NewEvent[],
): Promise<Appended[]> {
  let failed: Judgement | null = null;
  for (let round = 1; ; round++) {
    const asked: { reading: Promise<Judgement> | null } = { reading: null };
    const appended = await deps.log.append(action.sessionId, (view) => {
      asked.reading = null;
      if (!view) return [];
      const answer = askJudge(deps, action, view);
      if (!(answer instanceof Promise)) return decide(view, answer);
      if (failed) return decide(view, failed);
      asked.reading = answer;
      return [];
    });
    if (!asked.reading) return appended;
    const said: Judgement = await asked.reading;
    if (said.rule === judgeFailed) failed = said;
    else if (round === maxRounds) failed = denial(judgeFailed, 'the policy does not come to a verdict');
  }
}
