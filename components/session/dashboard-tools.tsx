/** The dashboard's second bar: filter, counts, list or wall, new session. */
import { LayoutGrid, ListFilter, Plus, Rows3, X } from 'lucide-react';
import { useRef } from 'react';
import { useShell } from '#components/shell/shell-context.ts';
import { useShortcuts } from '#components/shell/use-shortcuts.ts';
import { Button } from '#components/ui/button.tsx';
import { anyChoice, ChipMenu, chipClass } from '#components/ui/chip-menu.tsx';
import { classNames } from '#components/ui/class-name.ts';
import { formatNoun } from '#components/ui/format.ts';
import { Icon } from '#components/ui/icon.tsx';
import { KeyCap } from '#components/ui/key-cap.tsx';
import { Segmented } from '#components/ui/segmented.tsx';
import { type Filter, isFiltering, matches, noFilter } from './session-board.ts';
import { folderName, type SessionView } from './session-facts.ts';
import type { SessionBoard } from './use-session-board.ts';

export type DashboardView = 'list' | 'wall';

export interface DashboardToolsProps {
  /** On a phone the filters show when they are asked for or in use. */
  isOpen: boolean;
  board: SessionBoard;
  filter: Filter;
  onFilter: (filter: Filter) => void;
  view: DashboardView;
  onView: (view: DashboardView) => void;
}

const views = [
  { value: 'list', label: 'List', icon: Rows3 },
  { value: 'wall', label: 'Wall', icon: LayoutGrid },
] as const;

export function DashboardTools({ isOpen, board, filter, onFilter, view, onView }: DashboardToolsProps) {
  const shell = useShell();
  const sessions = Object.values(board.groups).flatMap((group) => group.sessions);
  return (
    <section
      aria-label="Filter and view"
      className={classNames(
        'flex h-11 flex-none items-center gap-2 px-4 max-wide:h-auto max-wide:overflow-x-auto max-wide:px-3 max-wide:py-1.5',
        !isOpen && !isFiltering(filter) && 'max-wide:hidden',
      )}
    >
      <FilterText filter={filter} onFilter={onFilter} />
      <SourceMenu sessions={sessions} filter={filter} onFilter={onFilter} />
      <PersonMenu sessions={sessions} filter={filter} onFilter={onFilter} />
      <Counts board={board} filter={filter} sessions={sessions} />
      <span className="flex-1 max-wide:hidden" />
      <span className="flex items-center gap-2 max-wide:hidden">
        <Segmented label="View" value={view} options={views} onChange={onView} />
        <Button icon={Plus} cap="n" onClick={shell.openNewSession}>
          New session
        </Button>
      </span>
    </section>
  );
}

function Counts({
  board,
  filter,
  sessions,
}: {
  board: SessionBoard;
  filter: Filter;
  sessions: readonly SessionView[];
}) {
  if (board.isFirstLoad) return null;
  const shown = sessions.filter((view) => matches(view, filter)).length;
  const needs = board.groups.needs.count;
  return (
    <span role="status" className="num ml-2 truncate text-ink-3 text-xs max-wide:hidden">
      {isFiltering(filter)
        ? `${shown} of ${formatNoun(sessions.length, 'loaded session')}`
        : `${formatNoun(board.total, 'session')}${needs > 0 ? `, ${needs} ${needs === 1 ? 'needs' : 'need'} you` : ''}`}
    </span>
  );
}

function FilterText({ filter, onFilter }: { filter: Filter; onFilter: (filter: Filter) => void }) {
  const input = useRef<HTMLInputElement>(null);
  useShortcuts('list', { filter: () => input.current?.focus() });
  const isActive = isFiltering(filter);
  return (
    <span
      className={classNames(
        chipClass,
        'cursor-text focus-within:border-accent-solid',
        isActive && 'border-accent-line',
      )}
    >
      <Icon icon={ListFilter} />
      <input
        ref={input}
        aria-label="Filter sessions"
        placeholder="Filter"
        value={filter.text}
        onChange={(event) => onFilter({ ...filter, text: event.target.value })}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          if (filter.text === '') event.currentTarget.blur();
          onFilter({ ...filter, text: '' });
        }}
        className="w-32 bg-transparent text-ink outline-none placeholder:text-ink-2 max-wide:w-20"
      />
      {isActive ? (
        <button
          type="button"
          aria-label="Clear all filters"
          onClick={() => onFilter(noFilter)}
          className="text-ink-3 hover:text-ink"
        >
          <Icon icon={X} size={12} />
        </button>
      ) : (
        <KeyCap cap="f" />
      )}
    </span>
  );
}

interface FilterMenuProps {
  sessions: readonly SessionView[];
  filter: Filter;
  onFilter: (filter: Filter) => void;
}

function SourceMenu({ sessions, filter, onFilter }: FilterMenuProps) {
  const sources = [...new Set(sessions.map((view) => view.source))].sort();
  const choices = [
    { value: anyChoice, label: 'any' },
    ...sources.map((source) => ({ value: source, label: folderName(source) })),
  ];
  return (
    <ChipMenu
      label="Repository"
      value={filter.source ?? anyChoice}
      choices={choices}
      onChange={(source) => onFilter({ ...filter, source: source === anyChoice ? null : source })}
    />
  );
}

function PersonMenu({ sessions, filter, onFilter }: FilterMenuProps) {
  const people = new Map<string, string>(
    sessions.flatMap((view) => view.members.map((member) => [member.personId, member.name])),
  );
  const choices = [{ value: anyChoice, label: 'anyone' }, ...[...people].map(([value, label]) => ({ value, label }))];
  return (
    <ChipMenu
      label="Person"
      value={filter.personId ?? anyChoice}
      choices={choices}
      onChange={(personId) => onFilter({ ...filter, personId: personId === anyChoice ? null : personId })}
    />
  );
}
