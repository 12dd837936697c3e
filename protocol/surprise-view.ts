/** The fold of surprises that nobody has looked at: which agents changed more than they said in a turn that runs. Pure; part of turn-view.ts. */
import type { ActionsView } from './action-view.ts';
import type { EventPayload, SessionEvent } from './event.ts';
import type { TurnId } from './id.ts';

/** What an agent changed unexpectedly, until a person has approved something of it or the turn is over. */
export interface Surprise {
  agent: string;
  turnId: TurnId;
  /** The first ones; cut for lists. */
  paths: EventPayload<'effect.surprised'>['paths'];
  /** Paths that are not named. */
  more: number;
}

export interface SurprisesView extends ActionsView {
  turn: { turnId: TurnId } | null;
  /** One for each agent. Absent before there was one. */
  surprises?: Surprise[];
}

/** The rule of a verdict that asks because of a surprise. */
export const surpriseRule = 'on_surprise';

/** Paths of a surprise in a view. */
const shownPaths = 20;

/** What may be a person's doing is not held against the agent, and a turn that is over has no next action. */
function surprised<V extends SurprisesView>(view: V, said: EventPayload<'effect.surprised'>): V {
  const { agent, turnId, shared } = said;
  if (shared || view.turn?.turnId !== turnId) return view;
  const known = view.surprises?.find((each) => each.agent === agent && each.turnId === turnId);
  const paths = [...(known?.paths ?? []), ...said.paths];
  const more = (known?.more ?? 0) + said.more + Math.max(0, paths.length - shownPaths);
  const others = view.surprises?.filter((each) => each !== known) ?? [];
  return { ...view, surprises: [...others, { agent, turnId, paths: paths.slice(0, shownPaths), more }] };
}

function without<V extends SurprisesView>(view: V, isOver: (each: Surprise) => boolean): V {
  if (!view.surprises?.some(isOver)) return view;
  return { ...view, surprises: view.surprises.filter((each) => !isOver(each)) };
}

/** The view after `event`, which the folds of turns and actions have seen. */
export function foldSurprises<V extends SurprisesView>(view: V, event: SessionEvent): V {
  switch (event.type) {
    case 'effect.surprised':
      return surprised(view, event.payload);
    case 'turn.completed':
      return without(view, ({ turnId }) => turnId === event.payload.turnId);
    case 'approval.decided': {
      const { actionId, decision } = event.payload;
      const action = view.actions.find((each) => each.actionId === actionId);
      if (decision !== 'approved' || action?.approval?.rule !== surpriseRule) return view;
      return without(view, ({ agent }) => agent === action.agent);
    }
    default:
      return view;
  }
}
