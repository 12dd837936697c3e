/** What surrounds every page: the API, the theme, and the dialogs that can open anywhere. */
'use client';
import dynamic from 'next/dynamic';
import { type ReactNode, useEffect, useMemo, useState } from 'react';
import { ApiProvider } from '#components/api/provider.tsx';
import { NotifyKeeper } from '#components/notify/notify-keeper.tsx';
import { fetchPart } from '#components/ui/fetch-part.ts';
import { type Shell, ShellContext } from './shell-context.ts';
import { ThemeKeeper } from './theme-keeper.tsx';
import { useShortcuts } from './use-shortcuts.ts';

const loadPalette = () => fetchPart(() => import('./palette.tsx').then((module) => module.Palette));
const loadHelp = () => fetchPart(() => import('./help-dialog.tsx').then((module) => module.HelpDialog));
const loadNewSession = () =>
  fetchPart(() => import('#components/session/new-session-dialog.tsx').then((module) => module.NewSessionDialog));
const Palette = dynamic(loadPalette, { ssr: false });
const HelpDialog = dynamic(loadHelp, { ssr: false });
const NewSessionDialog = dynamic(loadNewSession, { ssr: false });

const fetchDialogs = () =>
  Promise.all([loadPalette(), loadHelp(), loadNewSession()]).then(
    () => undefined,
    // Opening a dialog fetches it again, and tells when that fails.
    () => undefined,
  );

/** Dialogs are fetched at the first sign of use, so that they cost a first load nothing and open at once. */
function useEarlyDialogs(): void {
  useEffect(() => {
    const used = new AbortController();
    const fetchOnce = () => {
      used.abort();
      void fetchDialogs();
    };
    for (const sign of ['pointermove', 'pointerdown', 'keydown']) {
      window.addEventListener(sign, fetchOnce, { signal: used.signal, passive: true });
    }
    return () => used.abort();
  }, []);
}

type Open = 'none' | 'commands' | 'search' | 'help' | 'new-session';

export function ShellFrame({ children }: { children: ReactNode }) {
  return (
    <ApiProvider>
      <ThemeKeeper />
      <NotifyKeeper />
      <ShellDialogs>{children}</ShellDialogs>
    </ApiProvider>
  );
}

function ShellDialogs({ children }: { children: ReactNode }) {
  const [open, setOpen] = useState<Open>('none');
  const shell = useMemo<Shell>(
    () => ({
      openPalette: setOpen,
      openHelp: () => setOpen('help'),
      openNewSession: () => setOpen('new-session'),
    }),
    [],
  );
  useShortcuts('everywhere', {
    palette: () => setOpen('commands'),
    search: () => setOpen('search'),
    help: () => setOpen('help'),
    'session.new': () => setOpen('new-session'),
  });
  useEarlyDialogs();
  const close = () => setOpen('none');
  return (
    <ShellContext value={shell}>
      {children}
      {(open === 'commands' || open === 'search') && <Palette mode={open} onClose={close} />}
      {open === 'help' && <HelpDialog open onClose={close} />}
      {open === 'new-session' && <NewSessionDialog onClose={close} />}
    </ShellContext>
  );
}
