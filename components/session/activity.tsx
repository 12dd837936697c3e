/** The last line that a session printed: live where it changes, from the screen where it has not changed yet. */
import { useQuery } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { createContext, type ReactNode, useContext, useState } from 'react';
import { useTRPC } from '#components/api/api.ts';
import { KeyedStore, useKeyed } from '#components/ui/keyed-store.ts';
import { lastLine } from './last-line.ts';
import { isOpenTerminal, type SessionView } from './session-facts.ts';

interface Activity {
  line: string;
  program: string;
}

const ActivityContext = createContext(new KeyedStore<Activity>());

/** Listens once for every session below it. */
export function ActivityProvider({ children }: { children: ReactNode }) {
  const [store] = useState(() => new KeyedStore<Activity>());
  useSubscription(
    useTRPC().session.activity.subscriptionOptions(undefined, {
      onData: ({ sessionId, terminalId, line, program }) => {
        store.set(sessionId, { line, program });
        store.set(terminalId, { line, program });
      },
    }),
  );
  return <ActivityContext value={store}>{children}</ActivityContext>;
}

/** What a session or a terminal (by id) last showed; undefined until it changes. */
export const useActivity = (id: string): Activity | undefined => useKeyed(useContext(ActivityContext), id);

export function ActivityLine({ view, className = '' }: { view: SessionView; className?: string }) {
  const live = useActivity(view.id);
  const terminal = view.terminals.findLast(isOpenTerminal) ?? view.terminals.at(-1);
  const { data } = useQuery(
    useTRPC().terminal.screen.queryOptions(
      { session: view.id, terminalId: terminal?.terminalId },
      { enabled: live === undefined && terminal !== undefined, staleTime: Number.POSITIVE_INFINITY, retry: false },
    ),
  );
  const line = live?.line ?? (data ? lastLine(data.lines, data.cols) : '');
  return <span className={`mono-xs block truncate text-ink-3 leading-4 ${className}`}>{line}</span>;
}
