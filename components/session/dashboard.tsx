/** All sessions, grouped by what they need from people. Composes; the parts know the rest. */
'use client';
import { useQuery } from '@tanstack/react-query';
import { ListFilter, Plus } from 'lucide-react';
import dynamic from 'next/dynamic';
import { useRouter, useSearchParams } from 'next/navigation';
import { useState } from 'react';
import { useTRPC } from '#components/api/api.ts';
import { useConnection } from '#components/api/provider.tsx';
import { AccountMenu } from '#components/shell/account-menu.tsx';
import { Brand } from '#components/shell/brand.tsx';
import { OfflineStrip } from '#components/shell/connection-note.tsx';
import { MainNav } from '#components/shell/main-nav.tsx';
import { PaletteButton } from '#components/shell/palette-button.tsx';
import { PhoneTabs } from '#components/shell/phone-tabs.tsx';
import { useShell } from '#components/shell/shell-context.ts';
import { type KeyHint, StatusLine } from '#components/shell/status-line.tsx';
import { TopBar } from '#components/shell/top-bar.tsx';
import { useShortcuts } from '#components/shell/use-shortcuts.ts';
import { IconButton } from '#components/ui/button.tsx';
import { DocumentTitle } from '#components/ui/document-title.tsx';
import { fetchPart } from '#components/ui/fetch-part.ts';
import { formatNoun } from '#components/ui/format.ts';
import { ActivityProvider } from './activity.tsx';
import { DashboardTools, type DashboardView } from './dashboard-tools.tsx';
import { type Filter, noFilter } from './session-board.ts';
import { SessionList } from './session-list.tsx';
import { useSessionBoard } from './use-session-board.ts';

const SessionWall = dynamic(() => fetchPart(() => import('./session-wall.tsx').then((module) => module.SessionWall)), {
  ssr: false,
});

const listHints: readonly KeyHint[] = [
  { caps: ['j', 'k'], does: 'move' },
  { caps: ['space'], does: 'peek' },
  { caps: ['↵'], does: 'open' },
  { caps: ['f'], does: 'filter' },
  { caps: ['?'], does: 'all keys' },
];
const wallHints: readonly KeyHint[] = [
  { caps: ['←', '→', '↑', '↓'], does: 'move' },
  { caps: ['space'], does: 'peek' },
  { caps: ['↵'], does: 'open' },
  { caps: ['?'], does: 'all keys' },
];

export function Dashboard() {
  const router = useRouter();
  const view: DashboardView = useSearchParams().get('view') === 'wall' ? 'wall' : 'list';
  const [filter, setFilter] = useState<Filter>(noFilter);
  const [hasTools, setTools] = useState(false);
  const board = useSessionBoard();
  const isOffline = useConnection().kind === 'offline';
  const { data: me } = useQuery(useTRPC().person.me.queryOptions());
  const setView = (next: DashboardView) => router.replace(next === 'wall' ? '/?view=wall' : '/');
  useShortcuts('list', { 'view.toggle': () => setView(view === 'list' ? 'wall' : 'list') });
  const needs = board.groups.needs.count;
  const Content = view === 'wall' ? SessionWall : SessionList;
  return (
    <ActivityProvider>
      <DocumentTitle name="Sessions" needsYou={needs > 0} />
      <DashboardBar isBusy={board.isLoading && !isOffline} onFilter={() => setTools(!hasTools)} />
      <OfflineStrip />
      <DashboardTools
        isOpen={hasTools}
        board={board}
        filter={filter}
        onFilter={setFilter}
        view={view}
        onView={setView}
      />
      <main className="min-h-0 flex-1 overflow-y-auto border-line border-t bg-surface">
        <h1 className="sr-only">Sessions</h1>
        <Content board={board} filter={filter} me={me?.personId ?? null} onClearFilter={() => setFilter(noFilter)} />
      </main>
      <StatusLine hints={view === 'wall' ? wallHints : listHints}>
        {!board.isFirstLoad && (
          <span className="num">
            {formatNoun(board.groups.working.count + board.groups.idle.count, 'running session')}
          </span>
        )}
      </StatusLine>
      <PhoneTabs current={view} needs={needs} />
    </ActivityProvider>
  );
}

function DashboardBar({ isBusy, onFilter }: { isBusy: boolean; onFilter: () => void }) {
  const shell = useShell();
  return (
    <TopBar isBusy={isBusy}>
      <Brand />
      <MainNav current="sessions" />
      <span className="flex-1" />
      <PaletteButton />
      <IconButton
        icon={Plus}
        label="New session"
        iconSize={20}
        className="text-ink-2 wide:hidden"
        onClick={shell.openNewSession}
      />
      <IconButton
        icon={ListFilter}
        label="Filter"
        iconSize={20}
        className="text-ink-2 wide:hidden"
        onClick={onFilter}
      />
      <AccountMenu />
    </TopBar>
  );
}
