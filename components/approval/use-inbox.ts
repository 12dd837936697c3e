/** Loads what waits and what was decided, and keeps it live: of a session that changes only its part is read again. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { type Approval, type ApprovalDetail, useTRPC, useTRPCClient } from '#components/api/api.ts';
import { type Failure, failureOf } from '#components/api/failure.ts';
import type { SessionView } from '#protocol/session-view.ts';
import { byRisk } from './approval-facts.ts';
import { isOutdated, isStale, withDecided, withSession } from './inbox-state.ts';

const decidedShown = 30;
/** Changes of sessions come in bursts. */
const settleMs = 150;
/** More sessions than this at once are read as the whole inbox. */
const maxParts = 8;

const listOptions = (trpc: ReturnType<typeof useTRPC>) => trpc.approval.list.queryOptions({ decided: decidedShown });

/** Reads the loaded questions of a session again of which its view tells something else: votes, who may approve by now, alarms. */
export function useRefreshDetails(): (view: SessionView) => void {
  const queries = useQueryClient();
  const trpc = useTRPC();
  return useCallback(
    (view) => {
      const loaded = queries.getQueriesData<ApprovalDetail>(trpc.approval.get.pathFilter());
      for (const [queryKey, detail] of loaded) {
        if (detail && isOutdated(detail, view)) void queries.invalidateQueries({ queryKey }, { cancelRefetch: false });
      }
    },
    [queries, trpc],
  );
}

/**
 * Reads the parts of sessions again that ask something else than is shown. True once changes are listened to: what is read
 * before that may miss one. After a lost connection everything may have changed.
 */
function useFreshness(): boolean {
  const queries = useQueryClient();
  const trpc = useTRPC();
  const client = useTRPCClient();
  const stale = useRef(new Set<string>());
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const [isStarted, setStarted] = useState(false);
  const { queryKey } = listOptions(trpc);
  const readAll = () => void queries.invalidateQueries({ queryKey });
  const readPart = (session: string) =>
    client.approval.list.query({ session: session as Approval['sessionId'], decided: decidedShown }).then(
      (part) => queries.setQueryData(queryKey, (lists) => lists && withSession(lists, session, part)),
      // Whatever is wrong shows when the whole is asked for.
      readAll,
    );
  const isReading = () => queries.isFetching({ queryKey }) > 0;
  const settle = () => {
    timer.current = null;
    // What is on its way may have been read before the change.
    if (isReading()) return settleLater();
    const sessions = [...stale.current];
    stale.current.clear();
    if (sessions.length > maxParts) readAll();
    else for (const session of sessions) void readPart(session);
  };
  const refreshDetails = useRefreshDetails();
  const settleLater = () => {
    timer.current ??= setTimeout(settle, settleMs);
  };
  useSubscription(
    trpc.session.changes.subscriptionOptions(undefined, {
      onStarted() {
        setStarted(true);
        readAll();
        void queries.invalidateQueries(trpc.approval.get.pathFilter());
      },
      onData: ({ view }) => {
        refreshDetails(view);
        const lists = queries.getQueryData(queryKey);
        if (lists && !isReading() && !isStale(lists, view)) return;
        stale.current.add(view.id);
        settleLater();
      },
    }),
  );
  return isStarted;
}

export interface Inbox {
  pending: Approval[];
  decided: Approval[];
  isFirstLoad: boolean;
  isLoading: boolean;
  failure: Failure | null;
  retry: () => void;
}

export function useInbox(): Inbox {
  const enabled = useFreshness();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const query = useQuery({ ...listOptions(trpc), enabled });
  const lists = query.data;
  const pending = useMemo(() => byRisk(lists?.pending ?? []), [lists]);
  useEffect(() => {
    if (lists) queries.setQueryData(trpc.approval.count.queryKey(), lists.pending.length);
  }, [lists, queries, trpc]);
  return {
    pending,
    decided: lists?.decided ?? [],
    isFirstLoad: query.isPending,
    isLoading: query.isFetching,
    failure: query.error ? failureOf(query.error) : null,
    retry: () => void query.refetch(),
  };
}

/** Shows a decision that the server has confirmed at once, wherever its question stands. */
export function useShowDecided(): (decided: ApprovalDetail) => void {
  const trpc = useTRPC();
  const queries = useQueryClient();
  return (decided) => {
    const { facts: _facts, ...row } = decided;
    queries.setQueryData(trpc.approval.get.queryKey({ id: decided.id }), decided);
    queries.setQueryData(listOptions(trpc).queryKey, (lists) => lists && withDecided(lists, row, decidedShown));
  };
}
