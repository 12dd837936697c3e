/** What is set for the whole server, and for this person. Composes; each part knows its noun. */
'use client';
import { NotifySettings } from '#components/notify/notify-settings.tsx';
import { ProviderSettings } from '#components/provider/provider-settings.tsx';
import { SecretSettings } from '#components/secret/secret-settings.tsx';
import { PageFrame } from '#components/shell/page-frame.tsx';
import type { KeyHint } from '#components/shell/status-line.tsx';

const hints: readonly KeyHint[] = [
  { caps: ['⌘K'], does: 'commands' },
  { caps: ['?'], does: 'all keys' },
];

export function SettingsPage() {
  return (
    <PageFrame place="settings" heading="Settings" hints={hints}>
      <main className="min-h-0 flex-1 overflow-y-auto">
        <div className="min-h-full max-w-[760px] border-line bg-surface wide:mx-auto wide:border-x">
          <ProviderSettings />
          <SecretSettings />
          <NotifySettings />
        </div>
      </main>
    </PageFrame>
  );
}
