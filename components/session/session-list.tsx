/** The dashboard as a list: groups of rows, moved through by keys, with a peek under the selected one. */

import dynamic from 'next/dynamic';
import { useState } from 'react';
import { useConnection } from '#components/api/provider.tsx';
import { useShell } from '#components/shell/shell-context.ts';
import { useShortcuts } from '#components/shell/use-shortcuts.ts';
import { Button } from '#components/ui/button.tsx';
import { classNames } from '#components/ui/class-name.ts';
import { fetchPart } from '#components/ui/fetch-part.ts';
import { KeyCap } from '#components/ui/key-cap.tsx';
import { Notice } from '#components/ui/notice.tsx';
import type { SessionView } from '#protocol/session-view.ts';
import { type Attention, attentions } from '#protocol/status.ts';
import { type Filter, isFiltering, matches, type Written, withWritten } from './session-board.ts';
import { SessionGroup } from './session-group.tsx';
import { rowColumns, SessionRow } from './session-row.tsx';
import type { GroupState, SessionBoard } from './use-session-board.ts';

const SessionPeek = dynamic(() => fetchPart(() => import('./session-peek.tsx').then((module) => module.SessionPeek)), {
  ssr: false,
});

export interface SessionListProps {
  board: SessionBoard;
  filter: Filter;
  me: string | null;
  onClearFilter: () => void;
}

const rowLink = (id: string) => document.querySelector<HTMLElement>(`[data-row="${id}"]`);

export function SessionList({ board, filter, me, onClearFilter }: SessionListProps) {
  const isOffline = useConnection().kind === 'offline';
  const [written, setWritten] = useState<Written | null>(null);
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
  if (board.isFirstLoad) return isOffline ? <NotLoaded /> : <EmptyRows />;
  if (board.total === 0) return <NoSessions />;
  const groups = shownGroups(board, filter, written);
  if (groups.length === 0 && isFiltering(filter)) {
    return (
      <p className="flex items-center gap-3 px-4 py-3 text-ink-2">
        No loaded session matches the filter. <Button onClick={onClearFilter}>Show all</Button>
      </p>
    );
  }
  return <Groups groups={groups} present={board.present} me={me} onWrite={setWritten} />;
}

type ShownGroup = GroupState & { group: Attention; shown: SessionView[] };

/** Groups with a session to show, most urgent first. */
function shownGroups(board: SessionBoard, filter: Filter, written: Written | null): ShownGroup[] {
  const { needs, working, idle, done } = board.groups;
  const loaded = { needs: needs.sessions, working: working.sessions, idle: idle.sessions, done: done.sessions };
  const sessions = withWritten(loaded, written);
  return attentions
    .map((group) => ({ ...board.groups[group], group }))
    .map((each) => ({ ...each, shown: sessions[each.group].filter((view) => matches(view, filter)) }))
    .filter((each) => each.shown.length > 0);
}

interface GroupsProps {
  groups: readonly ShownGroup[];
  present: SessionBoard['present'];
  me: string | null;
  /** Somebody writes about what a session asks, or no longer. */
  onWrite: (written: Written | null) => void;
}

/** Which row is selected and which is peeked into; moved by keys and by focus. */
function useRows(groups: readonly ShownGroup[]) {
  const [selected, setSelected] = useState<string | null>(null);
  const [peeked, setPeeked] = useState<string | null>(null);
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
  return { selected, setSelected, peeked };
}

function Groups({ groups, present, me, onWrite }: GroupsProps) {
  const { selected, setSelected, peeked } = useRows(groups);
  return (
    <>
      <ColumnHeads />
      {groups.map(({ group, shown, count, hasMore, isLoadingMore, loadMore }) => (
        <SessionGroup key={group} {...{ group, count, hasMore, isLoadingMore }} sessions={shown} onMore={loadMore}>
          <ul>
            {shown.map((view) => (
              <li key={view.id}>
                <SessionRow
                  view={view}
                  isTwoLine={group === 'needs' || group === 'working'}
                  isSelected={selected === view.id}
                  isPeeked={peeked === view.id}
                  present={present.get(view.id)}
                  me={me}
                  onFocus={() => setSelected(view.id)}
                />
                {peeked === view.id && (
                  <SessionPeek
                    view={view}
                    me={me}
                    onWrite={(isWriting) => onWrite(isWriting ? { id: view.id, group } : null)}
                  />
                )}
              </li>
            ))}
          </ul>
        </SessionGroup>
      ))}
    </>
  );
}

function ColumnHeads() {
  return (
    <div
      aria-hidden="true"
      className={classNames(
        'hidden h-6 items-center gap-x-5 border-line border-b bg-bg px-4 text-2xs text-ink-3 wide:grid',
        rowColumns,
      )}
    >
      <span>Session</span>
      <span className="hidden full:block">Agent or terminal</span>
      <span>State and last activity</span>
      <span>People</span>
      <span className="text-right">Age</span>
    </div>
  );
}

function NotLoaded() {
  return (
    <Notice tone="problem" className="px-4 py-5" title="Sessions not loaded yet">
      The server cannot be reached. This page tries again by itself; running sessions are not affected.
    </Notice>
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
