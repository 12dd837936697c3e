/** Loads the audit's records for a filter, page by page, and checks the chain on demand. */
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useDeferredValue } from 'react';
import { useTRPC } from '#components/api/api.ts';
import { failureOf } from '#components/api/failure.ts';
import { type AuditFilter, inputOf } from './audit-filter.ts';

const pageSize = 100;

export function useAudit(filter: AuditFilter) {
  const trpc = useTRPC();
  const { data: choices } = useQuery(trpc.audit.choices.queryOptions());
  const types = choices?.types ?? [];
  const input = useDeferredValue(inputOf(filter, types));
  const query = useInfiniteQuery(
    trpc.audit.find.infiniteQueryOptions(
      { ...input, limit: pageSize },
      { getNextPageParam: (page) => page.next, initialCursor: null, placeholderData: keepPreviousData },
    ),
  );
  const check = useQuery({ ...trpc.audit.verify.queryOptions(), enabled: false, retry: false });
  return {
    ...{ types, input, people: choices?.people ?? [] },
    records: query.data?.pages.flatMap((page) => page.records) ?? [],
    isFirstLoad: query.isPending,
    isLoading: query.isFetching || check.isFetching,
    failure: query.error ? failureOf(query.error) : null,
    retry: () => void query.refetch(),
    loadMore: query.hasNextPage ? () => void query.fetchNextPage() : null,
    check: {
      run: () => void check.refetch(),
      isRunning: check.isFetching,
      result: check.data ?? null,
      failure: check.error ? failureOf(check.error) : null,
    },
  };
}

export type Audit = ReturnType<typeof useAudit>;
export type AuditInput = ReturnType<typeof inputOf>;
export type AuditRecord = Audit['records'][number];
