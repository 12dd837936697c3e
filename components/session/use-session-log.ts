/** Loads a session's log and keeps it live; older events come when they are asked for. */
import { skipToken, useQuery } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { useEffect, useState } from 'react';
import { useTRPC, useTRPCClient } from '#components/api/api.ts';
import { type Failure, failureOf } from '#components/api/failure.ts';
import { type LiveLog, liveLog, olderCount, received, type SessionLog, withOlder } from './session-log.ts';

export interface LoadedLog {
  log: SessionLog | null;
  failure: Failure | null;
  retry: () => void;
  older: { count: number; isLoading: boolean; failure: Failure | null; load: () => void };
}

/** Events of the first older page and of the largest: each page is as long as what is held, since all of it is drawn anew. */
const olderPage = { first: 500, most: 2_000 };

export function useSessionLog(session: string): LoadedLog {
  const trpc = useTRPC();
  const [log, setLog] = useState<LiveLog | null>(null);
  const { data, error, refetch } = useQuery(
    trpc.session.get.queryOptions({ session }, { staleTime: Number.POSITIVE_INFINITY, gcTime: 0 }),
  );
  useEffect(() => {
    if (data) setLog((held) => liveLog(held, data));
  }, [data]);
  const strayAt = log?.strayAt ?? null;
  useEffect(() => {
    if (strayAt !== null) void refetch({ cancelRefetch: false });
  }, [strayAt, refetch]);
  // Other parts of the page load the same query anew; the transport resumes from the last event itself.
  const input = log ? { session: log.view.id as string, after: log.after } : skipToken;
  useSubscription(
    trpc.session.events.subscriptionOptions(input, {
      onData: (tracked) => setLog((held) => (held ? received(held, tracked.data) : held)),
    }),
  );
  const older = useOlder(log, (events) => setLog((held) => (held ? withOlder(held, events) : held)));
  return { log, failure: error ? failureOf(error) : null, retry: () => void refetch(), older };
}

function useOlder(log: SessionLog | null, add: (events: SessionLog['events']) => void): LoadedLog['older'] {
  const client = useTRPCClient();
  const [isLoading, setLoading] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const load = () => {
    if (!log) return;
    setLoading(true);
    setFailure(null);
    const before = olderCount(log) + 1;
    const limit = Math.min(Math.max(log.events.length, olderPage.first), olderPage.most);
    client.session.history
      .query({ session: log.view.id, before, limit })
      .then(add, (cause: unknown) => setFailure(failureOf(cause)))
      .finally(() => setLoading(false));
  };
  return { count: log ? olderCount(log) : 0, isLoading, failure, load };
}
