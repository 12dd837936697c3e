/** Kinds of agents that the server's machine has, and installing one that it lacks. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTRPC } from '#components/api/api.ts';
import { type Failure, failureOf } from '#components/api/failure.ts';

export interface HarnessInstall {
  run: (type: string) => void;
  /** The type that is being installed. */
  pending: string | null;
  failure: Failure | null;
}

/** Empty until they are known. */
export function useHarnesses() {
  return useQuery(useTRPC().harness.list.queryOptions(undefined, { staleTime: 60_000 })).data ?? [];
}

export type HarnessFacts = ReturnType<typeof useHarnesses>[number];

export function useHarnessInstall(): HarnessInstall {
  const trpc = useTRPC();
  const client = useQueryClient();
  const { mutate, isPending, variables, error } = useMutation(
    trpc.harness.install.mutationOptions({
      onSettled: () => client.invalidateQueries({ queryKey: trpc.harness.list.queryKey() }),
    }),
  );
  return {
    run: (type) => mutate({ type }),
    pending: isPending ? (variables?.type ?? null) : null,
    failure: error ? failureOf(error) : null,
  };
}
