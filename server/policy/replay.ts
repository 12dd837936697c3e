/** Replays recorded actions of sessions by edited rules. Reads the log; nothing is decided and nothing is written. */

import type { Policy } from '#policy/policy.ts';
import { type Change, changeOf, factsUnder, recordedActions, restrictedIn } from '#policy/replay.ts';
import { hashOf } from '#policy/say.ts';
import type { SessionEvent } from '#protocol/event.ts';
import type { SessionView } from '#protocol/session-view.ts';
import type { Log } from '#server/session/index.ts';
import { ruled, situationOf } from './verdict.ts';

/** Events of one session that are looked at: the oldest of a longer one are left out, and said to be. */
const maxEvents = 20_000;
const page = 2_000;
/** Changes that are listed; all are counted. */
const maxListed = 200;

export interface Replay {
  sessionId: string;
  sessionName: string;
  /** Actions that were judged again. */
  actions: number;
  /** Of them, how many would have another verdict: `allow → deny` by count. */
  counts: { from: string; to: string; count: number }[];
  /** Oldest first. */
  changes: Change[];
  /** Older actions were left out. */
  isCut: boolean;
}

async function eventsOf(log: Log, view: SessionView): Promise<{ events: SessionEvent[]; isCut: boolean }> {
  const first = Math.max(0, view.lastSeq - maxEvents);
  const events: SessionEvent[] = [];
  for (let after = first; ; ) {
    const more = await log.read(view.id, { after, limit: page });
    events.push(...more);
    const last = more.at(-1);
    if (!last || more.length < page) return { events, isCut: first > 0 };
    after = last.seq;
  }
}

/** What `policies` would have said in the session of `view`, in which those of `now` are in force. */
export async function replay(
  log: Log,
  view: SessionView,
  { now, policies }: { now: readonly Policy[]; policies: readonly Policy[] },
): Promise<Replay> {
  const { events, isCut } = await eventsOf(log, view);
  const asked = new Map(
    events.flatMap((event) => (event.type === 'turn.queued' ? [[event.payload.turnId, event.principal]] : [])),
  );
  const recorded = recordedActions(events, {
    checkout: view.checkout,
    byOf: (turnId) => asked.get(turnId as never) ?? '',
  });
  const moved = { base: view.policy?.base ?? view.source, start: view.start ?? view.checkout };
  const [before, after, hash] = [restrictedIn(now, moved), restrictedIn(policies, moved), hashOf(now)];
  const changes = recorded.flatMap((each) => {
    const restricting = { before: each.policyHash === hash ? before : null, after };
    const facts = each.facts && factsUnder(each.facts, each.action.cwd, restricting);
    const atMs = Date.parse(each.at);
    const situation = situationOf(each.action, view, { state: each.state, atMs });
    const verdict = policies.length === 0 ? allowed : ruled(each.action, facts, policies, situation);
    return changeOf(each, verdict) ?? [];
  });
  const counts = new Map<string, { from: string; to: string; count: number }>();
  for (const { before, after } of changes) {
    const key = `${before.verdict} ${after.verdict}`;
    const known = counts.get(key) ?? { from: before.verdict, to: after.verdict, count: 0 };
    counts.set(key, { ...known, count: known.count + 1 });
  }
  return {
    ...{ sessionId: view.id, sessionName: view.name, actions: recorded.length, isCut },
    ...{ counts: [...counts.values()], changes: changes.slice(0, maxListed) },
  };
}

const allowed = {
  verdict: 'allow',
  rule: 'default.record',
  reasons: ['no rules are in force'],
  policyHash: '',
} as const;
