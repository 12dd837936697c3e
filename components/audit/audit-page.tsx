/** `/audit`: what the logs hold, searched, and their chain checked. Composes; the parts know the rest. */
'use client';
import { useState } from 'react';
import { PageFrame } from '#components/shell/page-frame.tsx';
import type { KeyHint } from '#components/shell/status-line.tsx';
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
    <PageFrame place="audit" heading="Audit" isBusy={audit.isLoading} hints={hints}>
      <AuditTools audit={audit} filter={filter} onFilter={setFilter} />
      <main className="min-h-0 flex-1 overflow-y-auto border-line border-t bg-surface">
        <AuditList audit={audit} onClearFilter={() => setFilter(noAuditFilter)} />
      </main>
    </PageFrame>
  );
}
