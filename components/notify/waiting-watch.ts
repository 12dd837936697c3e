/** What waits, held against what waited before: what is new is told, what is over is taken back. Pure; knows no browser. */
import type { SessionView } from '#protocol/session-view.ts';

export interface News {
  /** Ids of approvals that wait since the last look. */
  fresh: string[];
  /** Ids of those that do not wait any more. */
  over: string[];
}

export class WaitingWatch {
  /** Session by approval; null before the first whole look. */
  #known: Map<string, string> | null = null;

  /** All that waits. The first look tells nothing: it has been waiting before. */
  all(pending: readonly { id: string; sessionId: string }[]): News {
    const now = new Map(pending.map(({ id, sessionId }) => [id, sessionId]));
    const before = this.#known ?? now;
    this.#known = now;
    return difference(before, now);
  }

  /** What waits in one session that changed. */
  session({ id: session, turns }: Pick<SessionView, 'id' | 'turns'>): News {
    if (!this.#known) return { fresh: [], over: [] };
    const asked = turns.actions.flatMap(({ approval }) => (approval?.decided === null ? [approval.approvalId] : []));
    const now = new Map(asked.map((id) => [id as string, session as string]));
    const before = new Map([...this.#known].filter(([, of]) => of === session));
    const news = difference(before, now);
    for (const id of news.over) this.#known.delete(id);
    for (const id of news.fresh) this.#known.set(id, session);
    return news;
  }
}

const difference = (before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): News => ({
  fresh: [...now.keys()].filter((id) => !before.has(id)),
  over: [...before.keys()].filter((id) => !now.has(id)),
});
