/** Which sessions a server that starts has to look after. Knows the log, not what becomes of them. */
import type { SessionView } from '#protocol/session-view.ts';
import type { Log, SessionPage } from '#server/session/index.ts';

/** Every session that may have a runner. */
export async function unfinished(log: Log): Promise<SessionView[]> {
  const views: SessionView[] = [];
  for (const group of ['needs', 'working', 'idle'] as const) {
    let cursor: string | null = null;
    do {
      const page: SessionPage = await log.list({ group, cursor, limit: 200 });
      views.push(...page.sessions);
      cursor = page.next;
    } while (cursor !== null);
  }
  return views;
}
