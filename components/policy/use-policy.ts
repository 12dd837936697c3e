/** Loads the rules in force, judges imagined actions by them, replays them over the past, and changes them. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server';
import { useTRPC, useTRPCClient } from '#components/api/api.ts';
import { type Failure, failureOf } from '#components/api/failure.ts';
import type { AppRouter } from '#server/api/index.ts';

type Outputs = inferRouterOutputs<AppRouter>['policy'];
export type Effective = Outputs['effective'];
export type EffectiveRule = Effective['policies'][number]['rules'][number];
export type TestResult = Outputs['test'];
export type Replays = Outputs['replay']['replays'];
export type Subject = inferRouterInputs<AppRouter>['policy']['test']['subject'];
/** Levels whose rules are written here. */
export type EffectiveLevel = 'server' | 'session';

const about = (session: string | null) => (session === null ? {} : { session });

export function useEffective(session: string | null) {
  const query = useQuery(useTRPC().policy.effective.queryOptions(about(session)));
  return {
    effective: query.data ?? null,
    isLoading: query.isFetching,
    failure: query.error ? failureOf(query.error) : null,
    retry: () => void query.refetch(),
  };
}

/** Sessions whose rules can be looked at, the newest first. */
export function useSessionChoices() {
  const { data } = useQuery(useTRPC().session.list.queryOptions({ limit: 50 }));
  return (data?.sessions ?? []).map(({ id, name }) => ({ value: id as string, label: name }));
}

/** What the rules say of an action; null before anything was asked. */
export function useTest(session: string | null, subject: Subject | null) {
  const query = useQuery(
    useTRPC().policy.test.queryOptions(
      { ...about(session), subject: subject ?? { kind: 'command', text: 'true' } },
      { enabled: subject !== null, retry: false, placeholderData: keepPreviousData },
    ),
  );
  return {
    result: subject === null ? null : (query.data ?? null),
    /** `result` is about what was asked before. */
    isOld: query.isPlaceholderData || query.isFetching,
    /** Nobody can be asked now. */
    isWaiting: subject !== null && query.isPaused && (query.isPlaceholderData || query.isPending),
    failure: subject !== null && query.error ? failureOf(query.error) : null,
  };
}

export interface Edited {
  level: EffectiveLevel;
  text: string;
}

/** What edited rules would have said, as often as it is asked; nothing before they were replayed. */
export function useReplay(session: string | null) {
  const client = useTRPCClient();
  const { mutate, data, variables, error, isPending } = useMutation({
    mutationFn: (edited: Edited) => client.policy.replay.query({ ...about(session), edited }),
  });
  return {
    run: mutate,
    replays: data?.replays ?? null,
    /** The text that `replays` is about. */
    replayed: variables?.text ?? null,
    isReplaying: isPending,
    failure: error ? failureOf(error) : null,
  };
}

/** Resolves to what is in force from then on, or to why the rules were not changed. `base`: the hash of what was edited. */
export function useChange(session: string | null) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const { mutateAsync, isPending } = useMutation(trpc.policy.change.mutationOptions());
  return {
    isPending,
    async run({ level, text }: Edited, base: string): Promise<{ effective: Effective } | { failure: Failure }> {
      try {
        const effective = await mutateAsync({ level, text, base, ...(level === 'session' && about(session)) });
        queries.setQueryData(trpc.policy.effective.queryKey(about(session)), effective);
        return { effective };
      } catch (cause) {
        return { failure: failureOf(cause) };
      } finally {
        void queries.invalidateQueries(trpc.policy.effective.pathFilter());
        void queries.invalidateQueries(trpc.policy.test.pathFilter());
      }
    },
  };
}
