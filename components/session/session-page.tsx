/** One session: what happened, its terminals, and who and what is in it. Composes; the parts know the rest. */
'use client';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useRef, useState } from 'react';
import { type Present, useTRPC } from '#components/api/api.ts';
import type { Failure } from '#components/api/failure.ts';
import { useConnection } from '#components/api/provider.tsx';
import { SessionQuestions } from '#components/approval/session-questions.tsx';
import { OfflineStrip } from '#components/shell/connection-note.tsx';
import { NotFound } from '#components/shell/full-page.tsx';
import { type KeyHint, StatusLine } from '#components/shell/status-line.tsx';
import { TopBar } from '#components/shell/top-bar.tsx';
import { useShortcuts } from '#components/shell/use-shortcuts.ts';
import type { TerminalPaneHandle } from '#components/terminal/terminal-pane.tsx';
import { Button } from '#components/ui/button.tsx';
import { DocumentTitle } from '#components/ui/document-title.tsx';
import { Notice } from '#components/ui/notice.tsx';
import { ActivityProvider } from './activity.tsx';
import { Composer } from './composer.tsx';
import { ItemTexts } from './item-texts.tsx';
import { SessionBar } from './session-bar.tsx';
import { isTalk, needsSomeone } from './session-facts.ts';
import { SessionLayout } from './session-layout.tsx';
import type { SessionLog } from './session-log.ts';
import { SessionRail } from './session-rail.tsx';
import { TerminalArea } from './terminal-area.tsx';
import { TimelinePane } from './timeline-pane.tsx';
import { useInterrupt } from './use-interrupt.ts';
import { usePresence } from './use-presence.ts';
import { type LoadedLog, useSessionLog } from './use-session-log.ts';
import { useTerminalChoice } from './use-terminal-choice.ts';

const pageHints: readonly KeyHint[] = [
  { caps: ['i'], does: 'prompt' },
  { caps: ['t'], does: 'terminal' },
  { caps: ['[', ']'], does: 'tabs' },
  { caps: ['c'], does: 'new shell' },
  { caps: ['u'], does: 'sessions' },
  { caps: ['?'], does: 'all keys' },
];
const terminalHints: readonly KeyHint[] = [
  { caps: ['⌃⇧L'], does: 'leave terminal' },
  { caps: ['⌃⇧F'], does: 'find' },
];

export function SessionPage({ session }: { session: string }) {
  const loaded = useSessionLog(session);
  const { log, failure } = loaded;
  if (failure?.code === 'session.not-found') return <NotFound />;
  if (!log) return <NotYet failure={failure} onRetry={loaded.retry} />;
  return (
    <ActivityProvider>
      <ItemTexts session={log.view.id} events={log.events}>
        <LoadedSession log={log} older={loaded.older} />
      </ItemTexts>
    </ActivityProvider>
  );
}

function NotYet({ failure, onRetry }: { failure: Failure | null; onRetry: () => void }) {
  const isOffline = useConnection().kind === 'offline';
  return (
    <>
      <DocumentTitle name="Session" />
      <TopBar isBusy={failure === null && !isOffline}>
        <Link href="/" className="rounded-1 text-ink-3 hover:text-ink">
          Sessions
        </Link>
      </TopBar>
      <OfflineStrip />
      <main className="min-h-0 flex-1 bg-surface p-5">
        {!failure && isOffline && (
          <Notice tone="problem" title="Session not loaded yet">
            The server cannot be reached. This page tries again by itself; the session is not affected.
          </Notice>
        )}
        {failure && (
          <Notice tone="problem" title="Session not loaded" action={<Button onClick={onRetry}>Retry</Button>}>
            {failure.message} The session itself is not affected.
          </Notice>
        )}
      </main>
    </>
  );
}

function LoadedSession({ log, older }: { log: SessionLog; older: LoadedLog['older'] }) {
  const { view } = log;
  const router = useRouter();
  const { data: me } = useQuery(useTRPC().person.me.queryOptions());
  const choice = useTerminalChoice(view);
  const interrupt = useInterrupt(view);
  const pane = useRef<TerminalPaneHandle>(null);
  const [isTyping, setTyping] = useState(false);
  const present: readonly Present[] = usePresence(view.id, choice.shown?.name ?? 'timeline');
  useShortcuts('session', {
    'list.open': () => router.push('/'),
    'prompt.focus': () => document.querySelector<HTMLElement>('[data-composer]')?.focus(),
    'terminal.focus': () => pane.current?.focus(),
    'terminal.next': () => choice.step(1),
    'terminal.previous': () => choice.step(-1),
    'terminal.new': () => view.runner && choice.open(),
    'terminal.find': () => pane.current?.find(),
    'terminal.older': () => pane.current?.older(),
    'driver.take': () => pane.current?.take(),
    'driver.request': () => pane.current?.request(),
  });
  const myId = me?.personId ?? null;
  const shown = choice.shown?.terminalId ?? null;
  return (
    <>
      <DocumentTitle name={view.name} needsYou={needsSomeone(view)} />
      <SessionBar view={view} present={present} me={myId} />
      <OfflineStrip />
      <SessionLayout
        view={view}
        timeline={<TimelinePane log={log} older={older} me={myId} onInterrupt={interrupt.run} />}
        terminal={<TerminalArea view={view} choice={choice} pane={pane} onTyping={setTyping} />}
        composer={
          <>
            <SessionQuestions view={view} />
            <Composer view={view} me={myId} interrupt={interrupt} isNarrow={isTalk(view)} />
          </>
        }
        rail={<SessionRail {...{ view, present, shown, interrupt }} me={myId} onShow={choice.show} />}
      />
      <StatusLine hints={isTyping ? terminalHints : pageHints}>
        {view.runner && <span className="num">run {view.runner.epoch}</span>}
      </StatusLine>
    </>
  );
}
