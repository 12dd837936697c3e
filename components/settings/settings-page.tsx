/** What is set for the whole server. Composes; each part knows its noun. */
'use client';
import { ProviderSettings } from '#components/provider/provider-settings.tsx';
import { AccountMenu } from '#components/shell/account-menu.tsx';
import { BackLink } from '#components/shell/back-link.tsx';
import { Brand } from '#components/shell/brand.tsx';
import { OfflineStrip } from '#components/shell/connection-note.tsx';
import { MainNav } from '#components/shell/main-nav.tsx';
import { PaletteButton } from '#components/shell/palette-button.tsx';
import { type KeyHint, StatusLine } from '#components/shell/status-line.tsx';
import { TopBar } from '#components/shell/top-bar.tsx';
import { DocumentTitle } from '#components/ui/document-title.tsx';

const hints: readonly KeyHint[] = [
  { caps: ['⌘K'], does: 'commands' },
  { caps: ['?'], does: 'all keys' },
];

export function SettingsPage() {
  return (
    <>
      <DocumentTitle name="Settings" />
      <TopBar>
        <span className="inline-flex max-wide:hidden">
          <Brand />
        </span>
        <BackLink />
        <MainNav current="settings" />
        <h1 className="min-w-0 flex-1 truncate font-medium max-wide:text-[15px] wide:sr-only">Settings</h1>
        <span className="flex-1 max-wide:hidden" />
        <PaletteButton />
        <AccountMenu />
      </TopBar>
      <OfflineStrip />
      <main className="min-h-0 flex-1 overflow-y-auto">
        <div className="min-h-full max-w-[760px] border-line bg-surface wide:mx-auto wide:border-x">
          <ProviderSettings />
        </div>
      </main>
      <StatusLine hints={hints} />
    </>
  );
}
