/** What happened in a session, oldest on top; stays at the end while new things come, unless somebody reads above. */
import { useLayoutEffect, useRef } from 'react';
import { formatCount } from '#components/ui/format.ts';
import { useNow } from '#components/ui/use-now.ts';
import type { SessionLog } from './session-log.ts';
import { namesOf, timelineOf } from './timeline.ts';
import { TimelineEntry } from './timeline-entry.tsx';
import type { LoadedLog } from './use-session-log.ts';

export interface TimelinePaneProps {
  log: SessionLog;
  older: LoadedLog['older'];
  me: string | null;
}

/** Nearer to the end than this, px, counts as reading the end. */
const endPx = 40;

/** Keeps the end in view when something is added there, and the place when something is added on top. */
function useStickyEnd(first: number, count: number) {
  const list = useRef<HTMLDivElement>(null);
  const before = useRef({ first, height: 0, isAtEnd: true });
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs after each change of what is listed
  useLayoutEffect(() => {
    const element = list.current;
    if (!element) return;
    const { height, isAtEnd } = before.current;
    if (before.current.first !== first) element.scrollTop += element.scrollHeight - height;
    else if (isAtEnd) element.scrollTop = element.scrollHeight;
    before.current = { ...before.current, first, height: element.scrollHeight };
  }, [first, count]);
  const onScroll = () => {
    const element = list.current;
    if (!element) return;
    before.current.isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < endPx;
  };
  return { list, onScroll };
}

export function TimelinePane({ log, older, me }: TimelinePaneProps) {
  const now = useNow('coarse');
  const { events, view } = log;
  const members = view.members.map((member) => member.personId);
  const blocks = timelineOf(events, namesOf(events, view.members), now);
  const { list, onScroll } = useStickyEnd(events[0]?.seq ?? 0, events.length);
  return (
    <section aria-label="Timeline" className="flex min-h-0 flex-1 flex-col bg-surface">
      <header className="flex h-(--h-bar) flex-none items-center border-line border-b px-4 max-full:hidden">
        <h2 className="flex-1 font-medium">Timeline</h2>
        <span className="num text-ink-3 text-xs">{formatCount(view.lastSeq)} events</span>
      </header>
      <div ref={list} onScroll={onScroll} className="min-h-0 flex-1 overflow-y-auto px-4 pb-3">
        {older.count > 0 && (
          <button
            type="button"
            onClick={older.load}
            disabled={older.isLoading}
            className="num flex h-8 w-full items-center justify-center text-ink-2 text-xs hover:text-ink disabled:text-ink-3 max-wide:h-11"
          >
            {older.isLoading ? 'Loading' : `${formatCount(older.count)} older events`}
          </button>
        )}
        {older.failure && (
          <p role="alert" className="py-1 text-center text-problem text-xs">
            {older.failure.message}
          </p>
        )}
        <ol>
          {blocks.map((block) =>
            block.kind === 'day' ? (
              <li
                key={block.key}
                className="mt-2 border-line border-t pt-2 pb-1 text-2xs text-ink-3 first:mt-0 first:border-t-0"
              >
                {block.label}
              </li>
            ) : (
              <TimelineEntry key={block.key} entry={block} members={members} me={me} now={now} />
            ),
          )}
        </ol>
      </div>
    </section>
  );
}
