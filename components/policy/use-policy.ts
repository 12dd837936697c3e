/** Loads the rules in force, judges imagined actions by them, replays them over the past, and changes them. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server';
import { useTRPC } from '#components/api/api.ts';
import { failureOf } from '#components/api/failure.ts';
import type { AppRouter } from '#server/api/index.ts';

type Outputs = inferRouterOutputs<AppRouter>['policy'];
export type Effective = Outputs['effective'];
export type EffectiveRule = Effective['policies'][number]['rules'][number];
export type TestResult = Outputs['test'];
export type Replays = Outputs['replay']['replays'];
export type Subject = inferRouterInputs<AppRouter>['policy']['test']['subject'];
export type EditedLevel = 'server' | 'session';

const about = (session: string | null) => (session === null ? {} : { session });

export function useEffective(session: string | null) {
  const query = useQuery(
    useTRPC().policy.effective.queryOptions(about(session), { placeholderData: keepPreviousData }),
  );
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
    isTesting: query.isFetching,
    failure: subject !== null && query.error ? failureOf(query.error) : null,
  };
}

export interface Edited {
  level: EditedLevel;
  text: string;
}

/** What edited rules would have said; null before they were replayed. */
export function useReplay(session: string | null, edited: Edited | null) {
  const query = useQuery(
    useTRPC().policy.replay.queryOptions(
      { ...about(session), edited: edited ?? { level: 'session', text: '' } },
      { enabled: edited !== null, retry: false },
    ),
  );
  return {
    replays: edited === null ? null : (query.data?.replays ?? null),
    isReplaying: query.isFetching,
    failure: edited !== null && query.error ? failureOf(query.error) : null,
  };
}

/** Resolves to why the rules were not changed, or null. */
export function useChange(session: string | null) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const { mutateAsync, isPending } = useMutation(trpc.policy.change.mutationOptions());
  return {
    isPending,
    async run({ level, text }: Edited) {
      try {
        await mutateAsync({ level, text, ...(level === 'session' && about(session)) });
        return null;
      } catch (cause) {
        return failureOf(cause);
      } finally {
        void queries.invalidateQueries(trpc.policy.effective.pathFilter());
        void queries.invalidateQueries(trpc.policy.test.pathFilter());
      }
    },
  };
}
