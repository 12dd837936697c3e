/** The records found, newest first: when, who, what, where; each opens to everything that is stored of it. */
import Link from 'next/link';
import { useState } from 'react';
import { actorOf } from '#components/session/event-names.ts';
import { Button } from '#components/ui/button.tsx';
import { classNames } from '#components/ui/class-name.ts';
import { ExactText } from '#components/ui/exact-text.tsx';
import { formatDay } from '#components/ui/format.ts';
import { Notice } from '#components/ui/notice.tsx';
import { PhraseText } from '#components/ui/phrase-text.tsx';
import { addressOf, type Names, namesOf, whatOf } from './audit-record.ts';
import type { Audit, AuditRecord } from './use-audit.ts';

const columns = 'grid-cols-[132px_minmax(90px,220px)_minmax(0,1fr)_60px_minmax(90px,200px)]';

export function AuditList({ audit, onClearFilter }: { audit: Audit; onClearFilter: () => void }) {
  const { records, failure, isFirstLoad, loadMore, people } = audit;
  if (failure?.code === 'auth.forbidden') {
    return (
      <Notice tone="quiet" className="px-4 py-5" title="Only owners read the audit">
        It holds every session, and who signed in from where.
      </Notice>
    );
  }
  if (failure && records.length === 0) {
    return (
      <Notice
        tone="problem"
        className="px-4 py-5"
        title="Records not loaded"
        action={<Button onClick={audit.retry}>Retry</Button>}
      >
        {failure.message} Nothing is lost: the log is on the server.
      </Notice>
    );
  }
  if (isFirstLoad) return <EmptyRows />;
  if (records.length === 0 && !loadMore) {
    return (
      <p className="flex items-center gap-3 px-4 py-3 text-ink-2">
        No record matches. <Button onClick={onClearFilter}>Show all</Button>
      </p>
    );
  }
  const names = namesOf(records, people);
  return (
    <>
      <div
        aria-hidden="true"
        className={classNames(
          'hidden h-6 items-center gap-x-5 border-line border-b bg-bg px-4 text-2xs text-ink-3 wide:grid',
          columns,
        )}
      >
        <span>When</span>
        <span>Who</span>
        <span>What</span>
        <span>Policy</span>
        <span>Session</span>
      </div>
      <ul aria-label="Records">
        {records.map((record) => (
          <RecordRow key={`${record.sessionId} ${record.seq}`} record={record} names={names} />
        ))}
      </ul>
      {loadMore && (
        <div className="px-4 py-3">
          <Button onClick={loadMore}>Older records</Button>
        </div>
      )}
    </>
  );
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');

function formatMoment(at: string): string {
  const time = new Date(at);
  return `${formatDay(time)} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits).join(':')}`;
}

/** Runners and the server act by themselves; a person's id that nobody has any more stands as it is. */
const actorName = (principal: string, names: Names): string =>
  names.people.get(principal) ?? (principal.startsWith('run_') ? 'runner' : principal);

function RecordRow({ record, names }: { record: AuditRecord; names: Names }) {
  const [isOpen, setOpen] = useState(false);
  const { text, tone } = whatOf(record, names);
  const address = addressOf(record);
  const isServer = record.sessionId === 'server';
  return (
    <li className="border-line border-b">
      <div
        className={classNames(
          'relative gap-x-5 px-4 py-1.5 hover:bg-hover max-wide:flex max-wide:flex-col max-wide:gap-0.5 max-wide:py-3 wide:grid wide:items-baseline',
          columns,
        )}
      >
        <time dateTime={record.at} className="num text-ink-3 text-xs">
          {formatMoment(record.at)}
        </time>
        <span className="truncate font-medium">
          {actorName(actorOf(record, names) ?? record.principal, names)}
          {address !== null && (
            <span className="font-normal text-ink-3 text-xs">
              {' '}
              from <span className="num">{address}</span>
            </span>
          )}
        </span>
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
          className={classNames(
            'focus-inside min-w-0 truncate rounded-1 text-left after:absolute after:inset-0',
            tone === 'problem' && 'text-problem',
            tone === 'needs' && 'text-needs',
          )}
        >
          <PhraseText phrase={text} />
        </button>
        <PolicyMark hash={record.policyHash} />
        {isServer ? (
          <span className="text-ink-3">server</span>
        ) : (
          <Link
            href={`/sessions/${record.sessionId}`}
            prefetch={false}
            className="relative z-1 truncate rounded-1 text-ink-2 hover:text-ink hover:underline"
          >
            {record.sessionName ?? record.sessionId}
          </Link>
        )}
      </div>
      {isOpen && <Stored record={record} />}
    </li>
  );
}

/** The policy that the record is about, or that its action was judged by. */
function PolicyMark({ hash }: { hash: string | null }) {
  if (hash === null) return <span className="max-wide:hidden" />;
  return (
    <code title={`policy ${hash}`} className="mono-xs text-ink-3">
      <span className="wide:hidden">policy </span>
      {hash.slice(0, 8)}
    </code>
  );
}

function Stored({ record }: { record: AuditRecord }) {
  const { sessionId, seq, type, version, principal, at, payload } = record;
  return (
    <div className="flex flex-col gap-1 bg-well px-4 py-2">
      <p className="text-ink-3 text-xs">
        <code>{type}</code>, version {version}, record {seq} of <code>{sessionId}</code>, by <code>{principal}</code>,{' '}
        <span className="num">{at}</span>
      </p>
      <pre className="mono-xs max-h-96 overflow-auto whitespace-pre-wrap [overflow-wrap:anywhere]">
        <ExactText text={JSON.stringify(payload, null, 2)} layout={'\n'} />
      </pre>
    </div>
  );
}

function EmptyRows() {
  return (
    <div aria-hidden="true">
      {Array.from({ length: 8 }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows without content never move
        <div key={row} className="h-(--h-row) border-line border-b" />
      ))}
    </div>
  );
}
