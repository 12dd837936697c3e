/** How many questions wait for people. */
import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '#components/api/api.ts';

/** Asked for now and then where nothing else keeps it fresh. */
const everyMs = 10_000;

/** 0 until it is known. */
export function useWaitingCount(): number {
  return useQuery(useTRPC().approval.count.queryOptions(undefined, { refetchInterval: everyMs })).data ?? 0;
}
