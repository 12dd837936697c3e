/** `/audit`: what the logs hold, searched, and their chain checked. Composes; the parts know the rest. */
'use client';
import { useState } from 'react';
import { AccountMenu } from '#components/shell/account-menu.tsx';
import { BackLink } from '#components/shell/back-link.tsx';
import { Brand } from '#components/shell/brand.tsx';
import { OfflineStrip } from '#components/shell/connection-note.tsx';
import { MainNav } from '#components/shell/main-nav.tsx';
import { PaletteButton } from '#components/shell/palette-button.tsx';
import { type KeyHint, StatusLine } from '#components/shell/status-line.tsx';
import { TopBar } from '#components/shell/top-bar.tsx';
import { DocumentTitle } from '#components/ui/document-title.tsx';
import { noAuditFilter } from './audit-filter.ts';
import { AuditList } from './audit-list.tsx';
import { AuditTools } from './audit-tools.tsx';
import { useAudit } from './use-audit.ts';

const hints: readonly KeyHint[] = [
  { caps: ['f'], does: 'filter' },
  { caps: ['⌘K'], does: 'commands' },
  { caps: ['?'], does: 'all keys' },
];

export function AuditPage() {
  const [filter, setFilter] = useState(noAuditFilter);
  const audit = useAudit(filter);
  return (
    <>
      <DocumentTitle name="Audit" />
      <TopBar isBusy={audit.isLoading}>
        <span className="inline-flex max-wide:hidden">
          <Brand />
        </span>
        <BackLink />
        <MainNav current="audit" />
        <h1 className="min-w-0 flex-1 truncate font-medium max-wide:text-[15px] wide:sr-only">Audit</h1>
        <span className="flex-1 max-wide:hidden" />
        <PaletteButton />
        <AccountMenu />
      </TopBar>
      <OfflineStrip />
      <AuditTools audit={audit} filter={filter} onFilter={setFilter} />
      <main className="min-h-0 flex-1 overflow-y-auto border-line border-t bg-surface">
        <AuditList audit={audit} onClearFilter={() => setFilter(noAuditFilter)} />
      </main>
      <StatusLine hints={hints} />
    </>
  );
}
