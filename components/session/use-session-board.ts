/** Loads the dashboard's sessions by group and keeps them live. */
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { type Present, useTRPC } from '#components/api/api.ts';
import { type Failure, failureOf } from '#components/api/failure.ts';
import { useConnection } from '#components/api/provider.tsx';
import type { Attention } from '#protocol/status.ts';
import { addPages, applyChange, type Board, emptyBoard, groupOf, movesCounts } from './session-board.ts';
import type { SessionView } from './session-facts.ts';

export interface GroupState {
  sessions: SessionView[];
  count: number;
  hasMore: boolean;
  isLoadingMore: boolean;
  loadMore: () => void;
}

export interface SessionBoard {
  groups: Record<Attention, GroupState>;
  /** Who is in a session now, by its id. */
  present: ReadonlyMap<string, readonly Present[]>;
  total: number;
  /** Nothing was loaded yet. */
  isFirstLoad: boolean;
  isLoading: boolean;
  failure: Failure | null;
  retry: () => void;
}

const pageSize = 50;
/** People come and go without an event, so pages with running sessions are read again now and then. */
const presenceEveryMs = 15_000;
const recountMs = 1_000;

function useGroup(group: Attention) {
  const options = useTRPC().session.list.infiniteQueryOptions(
    { group, limit: pageSize },
    {
      getNextPageParam: (page) => page.next,
      refetchInterval: group === 'done' ? false : presenceEveryMs,
    },
  );
  return useInfiniteQuery(options);
}

/** Views that changed since the page was opened, newest last; survives every reload of the pages. */
function useChanges(board: { current: Board }, recount: () => void): readonly SessionView[] {
  const [changes, setChanges] = useState<ReadonlyMap<string, SessionView>>(new Map());
  useSubscription(
    useTRPC().session.changes.subscriptionOptions(undefined, {
      onData: ({ view }) => {
        if (movesCounts(board.current, view)) recount();
        setChanges((held) => {
          const next = new Map(held);
          next.delete(view.id);
          return next.set(view.id, view);
        });
      },
    }),
  );
  return useMemo(() => [...changes.values()], [changes]);
}

/** Asks for counts again, of sessions and of what waits, at most once a second. */
function useRecount(): () => void {
  const queries = useQueryClient();
  const trpc = useTRPC();
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  return () => {
    timer.current ??= setTimeout(() => {
      timer.current = null;
      void queries.invalidateQueries(trpc.session.list.queryFilter({ limit: 1 }));
      void queries.invalidateQueries(trpc.approval.count.queryFilter());
    }, recountMs);
  };
}

/** After a lost connection everything may have changed. */
function useReloadOnReturn(): void {
  const queries = useQueryClient();
  const trpc = useTRPC();
  const { kind } = useConnection();
  const wasOffline = useRef(false);
  useEffect(() => {
    if (kind === 'live' && wasOffline.current) void queries.invalidateQueries(trpc.session.list.pathFilter());
    wasOffline.current = kind === 'offline';
  }, [kind, queries, trpc]);
}

export function useSessionBoard(): SessionBoard {
  const loaded = {
    needs: useGroup('needs'),
    working: useGroup('working'),
    idle: useGroup('idle'),
    done: useGroup('done'),
  };
  const all = Object.values(loaded);
  const counted = useQuery(useTRPC().session.list.queryOptions({ limit: 1 }));
  const latest = useRef<Board>(emptyBoard);
  const changes = useChanges(latest, useRecount());
  useReloadOnReturn();
  const pages = all.flatMap((query) => query.data?.pages ?? []);
  const base = addPages(emptyBoard, pages);
  const board = changes.reduce(applyChange, counted.data ? { ...base, counts: counted.data.counts } : base);
  useEffect(() => {
    latest.current = board;
  });
  const groupState = (group: Attention): GroupState => {
    const sessions = groupOf(board, group);
    const query = loaded[group];
    return {
      sessions,
      count: Math.max(sessions.length, board.counts[group]),
      hasMore: query.hasNextPage,
      isLoadingMore: query.isFetchingNextPage,
      loadMore: () => void query.fetchNextPage(),
    };
  };
  const groups = {
    needs: groupState('needs'),
    working: groupState('working'),
    idle: groupState('idle'),
    done: groupState('done'),
  };
  const error = all.find((query) => query.error)?.error;
  return {
    groups,
    present: new Map(pages.flatMap((page) => Object.entries(page.present))),
    total: Object.values(groups).reduce((sum, group) => sum + group.count, 0),
    isFirstLoad: all.some((query) => query.isPending),
    isLoading: all.some((query) => query.isPending || query.isFetchingNextPage),
    failure: error ? failureOf(error) : null,
    retry: () => {
      for (const query of all) void query.refetch();
    },
  };
}
