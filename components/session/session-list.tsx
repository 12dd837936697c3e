/** The dashboard as a list: groups of rows, moved through by keys, with a peek under the selected one. */
import { useState } from 'react';
import { useShell } from '#components/shell/shell-context.ts';
import { useShortcuts } from '#components/shell/use-shortcuts.ts';
import { Button } from '#components/ui/button.tsx';
import { classNames } from '#components/ui/class-name.ts';
import { KeyCap } from '#components/ui/key-cap.tsx';
import { Notice } from '#components/ui/notice.tsx';
import { attentions } from '#protocol/session-view.ts';
import { type Filter, isFiltering, matches } from './session-board.ts';
import { SessionGroup } from './session-group.tsx';
import { SessionPeek } from './session-peek.tsx';
import { rowColumns, SessionRow } from './session-row.tsx';
import type { SessionBoard } from './use-session-board.ts';

export interface SessionListProps {
  board: SessionBoard;
  filter: Filter;
  me: string | null;
  onClearFilter: () => void;
}

const rowLink = (id: string) => document.querySelector<HTMLElement>(`[data-row="${id}"]`);

export function SessionList({ board, filter, me, onClearFilter }: SessionListProps) {
  const [selected, setSelected] = useState<string | null>(null);
  const [peeked, setPeeked] = useState<string | null>(null);
  const groups = attentions
    .map((group) => ({ group, ...board.groups[group] }))
    .map((each) => ({ ...each, shown: each.sessions.filter((view) => matches(view, filter)) }));
  const ids = groups.flatMap((group) => group.shown.map((view) => view.id as string));
  const move = (step: 1 | -1) => {
    const at = selected === null ? -1 : ids.indexOf(selected);
    const next = ids[at < 0 ? (step > 0 ? 0 : ids.length - 1) : Math.min(ids.length - 1, Math.max(0, at + step))];
    if (next === undefined) return;
    setSelected(next);
    rowLink(next)?.focus();
    rowLink(next)?.scrollIntoView({ block: 'nearest' });
  };
  useShortcuts('list', {
    'row.next': () => move(1),
    'row.previous': () => move(-1),
    'row.open': () => selected !== null && rowLink(selected)?.click(),
    'row.peek': () => setPeeked(peeked === selected ? null : selected),
  });
  if (board.failure && board.total === 0) {
    return (
      <Notice
        tone="problem"
        className="px-4 py-5"
        title="Sessions not loaded"
        action={<Button onClick={board.retry}>Retry</Button>}
      >
        {board.failure.message} Running sessions are not affected.
      </Notice>
    );
  }
  if (board.isFirstLoad) return <EmptyRows />;
  if (board.total === 0) return <NoSessions />;
  if (ids.length === 0 && isFiltering(filter)) {
    return (
      <p className="flex items-center gap-3 px-4 py-3 text-ink-2">
        No loaded session matches the filter. <Button onClick={onClearFilter}>Show all</Button>
      </p>
    );
  }
  return (
    <>
      <div
        aria-hidden="true"
        className={classNames(
          'hidden h-6 items-center gap-x-5 border-line border-b bg-bg px-4 text-2xs text-ink-3 wide:grid',
          rowColumns,
        )}
      >
        <span>Session</span>
        <span className="hidden full:block">Terminals</span>
        <span>State and last activity</span>
        <span>People</span>
        <span className="text-right">Age</span>
      </div>
      {groups
        .filter((each) => each.shown.length > 0)
        .map(({ group, shown, count, hasMore, isLoadingMore, loadMore }) => (
          <SessionGroup
            key={group}
            group={group}
            count={count}
            sessions={shown}
            hasMore={hasMore}
            isLoadingMore={isLoadingMore}
            onMore={loadMore}
          >
            <ul>
              {shown.map((view) => (
                <li key={view.id}>
                  <SessionRow
                    view={view}
                    isTwoLine={group === 'needs' || group === 'working'}
                    isSelected={selected === view.id}
                    isPeeked={peeked === view.id}
                    present={board.present.get(view.id)}
                    me={me}
                    onFocus={() => setSelected(view.id)}
                  />
                  {peeked === view.id && <SessionPeek view={view} me={me} />}
                </li>
              ))}
            </ul>
          </SessionGroup>
        ))}
    </>
  );
}

/** The first load shows where rows will be, without pretending to know them. */
function EmptyRows() {
  return (
    <div aria-hidden="true">
      <div className="h-6 border-line border-b bg-bg max-wide:hidden" />
      <div className="h-7 border-line border-b bg-bg" />
      {[0, 1, 2, 3, 4, 5].map((row) => (
        <div key={row} className="h-(--h-row-2) border-line border-b" />
      ))}
    </div>
  );
}

function NoSessions() {
  const shell = useShell();
  return (
    <div className="flex flex-col items-start gap-3 px-4 py-4">
      <p className="text-ink-2">
        No sessions yet.{' '}
        <span className="max-wide:hidden">
          <KeyCap cap="n" /> starts one
        </span>
        <span className="wide:hidden">Start one</span> on any repository or folder of this machine, in a copy of its
        own.
      </p>
      <Button variant="primary" onClick={shell.openNewSession}>
        New session
      </Button>
    </div>
  );
}
