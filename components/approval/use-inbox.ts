/** Loads what waits and what was decided, keeps it live, and decides. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { useRef } from 'react';
import { type Approval, useTRPC } from '#components/api/api.ts';
import { type Failure, failureOf } from '#components/api/failure.ts';
import { byRisk } from './approval-facts.ts';

const decidedShown = 30;
/** Changes of sessions come in bursts. */
const settleMs = 150;

/** Asks again whenever a session changes in what it needs. */
function useFreshness(): void {
  const queries = useQueryClient();
  const trpc = useTRPC();
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useSubscription(
    trpc.session.changes.subscriptionOptions(undefined, {
      onData: () => {
        timer.current ??= setTimeout(() => {
          timer.current = null;
          void queries.invalidateQueries(trpc.approval.list.pathFilter());
        }, settleMs);
      },
    }),
  );
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
  useFreshness();
  const query = useQuery(useTRPC().approval.list.queryOptions({ decided: decidedShown }));
  return {
    pending: byRisk(query.data?.pending ?? []),
    decided: query.data?.decided ?? [],
    isFirstLoad: query.isPending,
    isLoading: query.isFetching,
    failure: query.error ? failureOf(query.error) : null,
    retry: () => void query.refetch(),
  };
}

export interface Decision {
  decision: 'approved' | 'denied';
  note?: string;
  edit?: string;
  forSession?: boolean;
}

export interface Decide {
  /** Resolves to why it was not decided, or null. */
  run: (approval: Approval, decision: Decision) => Promise<Failure | null>;
  isPending: boolean;
}

export function useDecide(): Decide {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const { mutateAsync, isPending } = useMutation(trpc.approval.decide.mutationOptions());
  return {
    isPending,
    async run({ id, hash }, { decision, note = null, edit = null, forSession = false }) {
      try {
        await mutateAsync({ id, hash, decision, note, edit, forSession });
        return null;
      } catch (cause) {
        return failureOf(cause);
      } finally {
        void queries.invalidateQueries(trpc.approval.list.pathFilter());
      }
    },
  };
}
