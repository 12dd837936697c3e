/** Gives every component the API, its cache and the state of the connection. */
'use client';
import { onlineManager, QueryClientProvider } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from 'react';
import { TRPCProvider, useTRPCClient } from './api.ts';
import { createClient, createQueries } from './client.ts';
import { type Connection, ConnectionStore } from './connection.ts';

const ConnectionContext = createContext<ConnectionStore | null>(null);
const measureEveryMs = 10_000;

export function ApiProvider({ children }: { children: ReactNode }) {
  const [store] = useState(() => new ConnectionStore(Date.now()));
  const [queries] = useState(createQueries);
  const [client] = useState(() => createClient(store));
  return (
    <ConnectionContext value={store}>
      <QueryClientProvider client={queries}>
        <TRPCProvider trpcClient={client} queryClient={queries}>
          <ConnectionWatch store={store} />
          {children}
        </TRPCProvider>
      </QueryClientProvider>
    </ConnectionContext>
  );
}

const connecting: Connection = { kind: 'connecting', since: 0 };

/** The state of this tab's connection. */
export function useConnection(): Connection {
  const store = useContext(ConnectionContext);
  if (!store) throw new Error('useConnection needs an ApiProvider');
  return useSyncExternalStore(store.subscribe, store.read, () => connecting);
}

/** Tells the cache whether there is a server, and measures a round trip now and then while the page is seen. */
function ConnectionWatch({ store }: { store: ConnectionStore }) {
  const client = useTRPCClient();
  const kind = useSyncExternalStore(
    store.subscribe,
    () => store.read().kind,
    () => 'connecting',
  );
  // Queries wait while there is nobody to ask, instead of failing one by one.
  useEffect(() => onlineManager.setOnline(kind !== 'offline'), [kind]);
  useEffect(() => {
    if (kind !== 'live') return;
    const measure = () => {
      if (document.hidden) return;
      const start = performance.now();
      client.person.me.query().then(
        () => store.apply({ type: 'measured', latencyMs: Math.round(performance.now() - start) }),
        // A failed probe says nothing new: the socket reports its own end.
        () => undefined,
      );
    };
    measure();
    const timer = setInterval(measure, measureEveryMs);
    return () => clearInterval(timer);
  }, [kind, client, store]);
  return null;
}
