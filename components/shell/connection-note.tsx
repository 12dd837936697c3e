/** Whether what is on the screen is live: a dot and words in the status line, a strip when it is not. */
import { useEffect, useState } from 'react';
import type { Connection } from '#components/api/connection.ts';
import { useConnection } from '#components/api/provider.tsx';
import { formatAge, formatClock } from '#components/ui/format.ts';
import { useNow } from '#components/ui/use-now.ts';

/** Shorter losses are not worth a strip that moves the page. */
const patienceMs = 2_000;

function words(connection: Connection, now: number): string {
  switch (connection.kind) {
    case 'connecting':
      return 'Connecting';
    case 'live':
      return connection.latencyMs === null ? 'Live' : `Live, ${connection.latencyMs} ms`;
    case 'offline':
      return `Offline ${formatAge(Math.max(1_000, now - connection.since))}, last seen ${formatClock(new Date(connection.since).toISOString(), now)}`;
  }
}

const dots: Record<Connection['kind'], string> = {
  connecting: 'inset-ring-[1.5px] inset-ring-idle-solid',
  live: 'bg-done-solid',
  offline: 'inset-ring-[1.5px] inset-ring-problem-solid',
};

export function ConnectionNote() {
  const connection = useConnection();
  const now = useNow(connection.kind === 'offline' ? 'fine' : 'still');
  return (
    <span role="status" className="num inline-flex items-center gap-1.5">
      <span aria-hidden="true" className={`size-1.5 rounded-full ${dots[connection.kind]}`} />
      {words(connection, now)}
    </span>
  );
}

export function OfflineStrip() {
  const connection = useConnection();
  const isOffline = connection.kind === 'offline';
  const [isShown, setShown] = useState(false);
  const now = useNow(isShown ? 'fine' : 'still');
  useEffect(() => {
    if (!isOffline) return setShown(false);
    const timer = setTimeout(() => setShown(true), patienceMs);
    return () => clearTimeout(timer);
  }, [isOffline]);
  if (!isShown) return null;
  return (
    <div
      role="alert"
      className="flex min-h-8 flex-none items-center gap-2 border-problem-line border-b bg-problem-tint px-4 py-1 text-problem text-xs"
    >
      <span className="mark mark-problem" aria-hidden="true" />
      <span className="min-w-0 flex-1">
        <span className="num font-medium">{words(connection, now)}.</span> Sessions go on without this page.
      </span>
    </div>
  );
}
