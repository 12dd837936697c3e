/** One group of the dashboard: its head, its rows, and the way to more of them. */
import type { ReactNode } from 'react';
import { formatAge, formatCount } from '#components/ui/format.ts';
import { StateMark } from '#components/ui/state-mark.tsx';
import { useNow } from '#components/ui/use-now.ts';
import type { Attention } from '#protocol/status.ts';
import type { SessionView } from './session-facts.ts';

const groupNames: Record<Attention, string> = {
  needs: 'Needs you',
  working: 'Working',
  idle: 'Idle',
  done: 'Done',
};

export interface SessionGroupProps {
  group: Attention;
  /** All of the group on the server, shown or not. */
  count: number;
  sessions: readonly SessionView[];
  hasMore: boolean;
  isLoadingMore: boolean;
  onMore: () => void;
  children: ReactNode;
}

export function SessionGroup({ group, count, sessions, hasMore, isLoadingMore, onMore, children }: SessionGroupProps) {
  const head = `group-${group}`;
  return (
    <section aria-labelledby={head}>
      <header className="flex h-7 items-center gap-2 border-line border-b bg-bg px-4 max-wide:h-8">
        <StateMark shape={group} className="[--mark-ground:var(--bg)]" />
        <h2 id={head} className="font-medium">
          {groupNames[group]} <span className="num pl-1 font-medium text-2xs text-ink-3">{formatCount(count)}</span>
        </h2>
        <span className="flex-1" />
        {group === 'needs' && <LongestWait sessions={sessions} />}
      </header>
      {children}
      {hasMore && (
        <button
          type="button"
          onClick={onMore}
          disabled={isLoadingMore}
          className="focus-inside num flex h-8 w-full items-center border-line border-b px-4 text-ink-2 hover:bg-hover hover:text-ink disabled:text-ink-3 max-wide:h-11"
        >
          {isLoadingMore ? 'Loading' : `Show more, ${formatCount(count - sessions.length)} older`}
        </button>
      )}
    </section>
  );
}

function LongestWait({ sessions }: { sessions: readonly SessionView[] }) {
  const now = useNow('coarse');
  const first = sessions.map((view) => Date.parse(view.statusSince)).sort((a, b) => a - b)[0];
  if (first === undefined || now === 0) return null;
  return <span className="num text-ink-3 text-xs">longest wait {formatAge(Math.max(1_000, now - first))}</span>;
}
