/** What happened in a session, oldest on top; stays at the end while new things come, unless somebody reads above. */
import { ArrowDown } from 'lucide-react';
import { type KeyboardEvent, useMemo, useState } from 'react';
import { Button } from '#components/ui/button.tsx';
import { formatCount } from '#components/ui/format.ts';
import { KnownNames } from './known-names.ts';
import type { SessionLog } from './session-log.ts';
import { RowView } from './timeline-row-view.tsx';
import { TimelineRows } from './timeline-rows.ts';
import type { LoadedLog } from './use-session-log.ts';
import { olderPx, useTimelineScroll } from './use-timeline-scroll.ts';

export interface TimelinePaneProps {
  log: SessionLog;
  older: LoadedLog['older'];
  me: string | null;
  /** Ends the turn that runs; null: none does. */
  onInterrupt: (() => void) | null;
}

/** The rows of a log, and what drawing them needs to know. */
function useRows({ events, view }: SessionLog, me: string | null) {
  const [model] = useState(() => new TimelineRows());
  const [known] = useState(() => new KnownNames());
  const rows = useMemo(() => model.of(events), [model, events]);
  // Rows that stand are drawn again whenever this is another object.
  const names = useMemo(() => known.of(events, view.members), [known, events, view.members]);
  const members = useMemo(() => view.members.map((member) => member.personId), [view.members]);
  const people = useMemo(() => ({ names: names.people, members, me }), [names, members, me]);
  const turns = view.turns.agents.reduce((sum, agent) => sum + agent.turns, 0);
  return { rows, names, people, turns, turnsBefore: Math.max(0, turns - model.turns) };
}

export function TimelinePane({ log, older, me, onInterrupt }: TimelinePaneProps) {
  const { rows, turns, ...shared } = useRows(log, me);
  const { list, virtual, isAtEnd, onScroll, toEnd } = useTimelineScroll(rows, older);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || onInterrupt === null) return;
    event.preventDefault();
    onInterrupt();
  };
  return (
    <section aria-label="Timeline" className="relative flex min-h-0 flex-1 flex-col bg-surface">
      <header className="flex h-(--h-bar) flex-none items-center border-line border-b px-4 max-full:hidden">
        <h2 className="flex-1 font-medium">Timeline</h2>
        <span className="num text-ink-3 text-xs">
          {turns > 0 ? `turn ${turns}` : `${formatCount(log.view.lastSeq)} events`}
        </span>
      </header>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: Esc works wherever the timeline is read */}
      <div
        ref={list}
        onScroll={onScroll}
        onKeyDown={onKeyDown}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        data-timeline
        className="focus-inside min-h-0 flex-1 overflow-y-auto px-4 [overflow-anchor:none]"
      >
        <div className="relative mx-auto w-full max-w-[860px]" style={{ height: virtual.getTotalSize() }}>
          <Older older={older} />
          {virtual.getVirtualItems().map(({ index, key, start }) => {
            const row = rows[index];
            return (
              <div
                key={key}
                ref={virtual.measureElement}
                data-index={index}
                className="absolute top-0 left-0 w-full"
                style={{ transform: `translateY(${start}px)` }}
              >
                {row && <RowView row={row} {...shared} />}
              </div>
            );
          })}
        </div>
      </div>
      {!isAtEnd && (
        <div className="absolute bottom-3 left-1/2 -translate-x-1/2">
          <Button size="small" icon={ArrowDown} onClick={toEnd} className="shadow-float">
            Jump to latest
          </Button>
        </div>
      )}
    </section>
  );
}

function Older({ older }: { older: LoadedLog['older'] }) {
  if (older.count === 0) return null;
  return (
    <div style={{ height: olderPx }} className="flex flex-col items-center justify-center">
      {older.failure && (
        <p role="alert" className="max-w-full truncate text-problem text-xs">
          {older.failure.message}
        </p>
      )}
      <button
        type="button"
        onClick={older.load}
        disabled={older.isLoading}
        className="num rounded-1 px-2 text-ink-2 text-xs hover:text-ink disabled:text-ink-3"
      >
        {older.isLoading ? 'Loading' : `${formatCount(older.count)} older events`}
      </button>
    </div>
  );
}
