/** What surrounds every page: the API, the theme, and the dialogs that can open anywhere. */
'use client';
import dynamic from 'next/dynamic';
import { type ReactNode, useMemo, useState } from 'react';
import { ApiProvider } from '#components/api/provider.tsx';
import { type Shell, ShellContext } from './shell-context.ts';
import { ThemeKeeper } from './theme-keeper.tsx';
import { useShortcuts } from './use-shortcuts.ts';

const Palette = dynamic(() => import('./palette.tsx').then((module) => module.Palette), { ssr: false });
const HelpDialog = dynamic(() => import('./help-dialog.tsx').then((module) => module.HelpDialog), { ssr: false });
const NewSessionDialog = dynamic(
  () => import('#components/session/new-session-dialog.tsx').then((module) => module.NewSessionDialog),
  { ssr: false },
);

type Open = 'none' | 'commands' | 'search' | 'help' | 'new-session';

export function ShellFrame({ children }: { children: ReactNode }) {
  return (
    <ApiProvider>
      <ThemeKeeper />
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
