/**
 * What happens to approvals when nobody acts: they expire, further people are asked, and a decision that does not come to
 * anything raises an alarm. The log says when it began, so a new server goes on where the old one was.
 */
import type { Sql } from '#db/client.ts';
import type { OpenAction, OpenApproval } from '#protocol/action-view.ts';
import type { EventPayload, NewEvent } from '#protocol/event.ts';
import type { SessionId } from '#protocol/id.ts';
import type { SessionView } from '#protocol/session-view.ts';
import type { Bus } from '#server/bus/index.ts';
import type { Log, SessionTopics } from '#server/session/index.ts';

/** A decision that has not come to anything for this long raises an alarm, in ms. */
const overdueMs = 10_000;
/** Longest timer; the next one goes on from there, in ms. */
const maxTimerMs = 3_600_000;

export interface DeadlinesDeps {
  sql: Sql;
  log: Log;
  bus: Bus<SessionTopics>;
  /** ms since the epoch. */
  now: () => number;
  note: (line: string) => void;
}

/** When a question expires by its rule, in ms since the epoch; null: when its runner says so. */
export const expiresAtMs = ({ at, pausedMs = 0, demand }: OpenApproval): number | null =>
  demand?.expiresInMs ? Date.parse(at) + pausedMs + demand.expiresInMs : null;

export const expiredEvent = (about: EventPayload<'approval.expired'>): NewEvent => ({
  type: 'approval.expired',
  payload: about,
  principal: 'server',
  dedupeKey: `closed:${about.approvalId}`,
});

interface Due {
  atMs: number;
  event: (now: number) => NewEvent;
}

type Asked = OpenAction & { approval: OpenApproval };

/** What is due for one action, if nothing else happens. */
function dueOf({ actionId, approval }: Asked, thawedAt: string | undefined): Due[] {
  const { approvalId, demand, decided } = approval;
  const about = { approvalId, actionId };
  const since = Date.parse(approval.at) + (approval.pausedMs ?? 0);
  if (decided) {
    if (approval.overdueAt) return [];
    const from = Math.max(Date.parse(decided.at ?? approval.at), thawedAt === undefined ? 0 : Date.parse(thawedAt));
    const event = (now: number): NewEvent => ({
      type: 'approval.overdue',
      payload: { ...about, waitedMs: Math.max(0, now - from) },
      principal: 'server',
      dedupeKey: `overdue:${approvalId}`,
    });
    return [{ atMs: from + overdueMs, event }];
  }
  const due: Due[] = [];
  const until = expiresAtMs(approval);
  if (until !== null) due.push({ atMs: until, event: () => expiredEvent(about) });
  if (demand?.escalate && !approval.escalatedTo) {
    const { afterMs, to } = demand.escalate;
    const event = (): NewEvent => ({
      type: 'approval.escalated',
      payload: { ...about, to: [...to] },
      principal: 'server',
      dedupeKey: `escalated:${approvalId}`,
    });
    due.push({ atMs: since + afterMs, event });
  }
  return due;
}

/** In a session that is paused nothing is due. */
const dueIn = (view: SessionView): Due[] =>
  view.frozen
    ? []
    : view.turns.actions.flatMap((action) => (action.approval ? dueOf(action as Asked, view.thawedAt) : []));

export class Deadlines {
  readonly #deps: DeadlinesDeps;
  readonly #timers = new Map<SessionId, NodeJS.Timeout>();
  readonly #stop: () => void;
  #isClosed = false;

  constructor(deps: DeadlinesDeps) {
    this.#deps = deps;
    this.#stop = deps.bus.subscribe('sessions', (view) => this.#plan(view));
  }

  /** After a server start: what waits goes on waiting. */
  async recover(): Promise<void> {
    const rows = await this.#deps.sql<{ view: SessionView }[]>`
      select view from sessions where attention in ('needs', 'working') and view is not null`;
    for (const { view } of rows) this.#plan(view);
  }

  #plan(view: SessionView): void {
    clearTimeout(this.#timers.get(view.id));
    this.#timers.delete(view.id);
    const due = dueIn(view);
    if (due.length === 0 || this.#isClosed) return;
    const waitMs = Math.min(...due.map(({ atMs }) => atMs)) - this.#deps.now();
    const timer = setTimeout(() => void this.check(view.id), Math.max(1, Math.min(waitMs, maxTimerMs)));
    this.#timers.set(view.id, timer.unref());
  }

  /** States what is due in a session by now. */
  async check(sessionId: SessionId): Promise<void> {
    const { log, now, note } = this.#deps;
    let stated: NewEvent[] = [];
    try {
      const appended = await log.append(sessionId, (view) => {
        const at = now();
        stated = view ? dueIn(view).flatMap(({ atMs, event }) => (atMs <= at ? [event(at)] : [])) : [];
        return stated;
      });
      for (const [index, event] of stated.entries()) {
        if (event.type === 'approval.overdue' && appended[index]?.isNew) {
          note(
            `approval ${event.payload.approvalId}: decided ${Math.round(event.payload.waitedMs / 1000)} s ago, not acted`,
          );
        }
      }
      const view = stated.length === 0 ? await log.view(sessionId) : null;
      if (view) this.#plan(view);
    } catch (cause) {
      note(`deadlines of ${sessionId}: ${String(cause)}`);
      if (!this.#isClosed) this.#timers.set(sessionId, setTimeout(() => void this.check(sessionId), 1_000).unref());
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#stop();
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }
}
