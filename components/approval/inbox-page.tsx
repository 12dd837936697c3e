/** `/inbox`: what waits for a person, one of it in full, and the way to decide. Composes; the parts know the rest. */
'use client';
import { useQuery } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useEffect, useState } from 'react';
import { type Approval, useTRPC, useTRPCClient } from '#components/api/api.ts';
import { failureOf } from '#components/api/failure.ts';
import { PageFrame } from '#components/shell/page-frame.tsx';
import type { KeyHint } from '#components/shell/status-line.tsx';
import { useShortcuts } from '#components/shell/use-shortcuts.ts';
import { Button } from '#components/ui/button.tsx';
import { formatNoun } from '#components/ui/format.ts';
import { Notice } from '#components/ui/notice.tsx';
import { ApprovalDetail } from './approval-detail.tsx';
import { BatchBar } from './batch-bar.tsx';
import { DecideBar, type Mode } from './decide-bar.tsx';
import { InboxList } from './inbox-list.tsx';
import { type Inbox, useDecide, useInbox } from './use-inbox.ts';

const hints: readonly KeyHint[] = [
  { caps: ['j', 'k'], does: 'move' },
  { caps: ['x'], does: 'select' },
  { caps: ['a', 'e', 's', 'd'], does: 'decide' },
  { caps: ['o'], does: 'open session' },
  { caps: ['?'], does: 'all keys' },
];

/** Which one is shown: the chosen one while it is known, else the first that waits. */
function useShown(inbox: Inbox, opened: string | undefined) {
  const [chosen, setChosen] = useState<string | null>(opened ?? null);
  const all = [...inbox.pending, ...inbox.decided];
  const known = all.find(({ id }) => id === chosen) ?? null;
  const isElsewhere = chosen !== null && known === null && !inbox.isFirstLoad;
  const asked = useQuery(
    useTRPC().approval.get.queryOptions({ id: chosen ?? '' }, { enabled: isElsewhere, retry: false }),
  );
  const shown = known ?? (isElsewhere ? (asked.data ?? null) : (inbox.pending[0] ?? null));
  const step = (by: 1 | -1) => {
    const at = all.findIndex(({ id }) => id === shown?.id);
    const next = all[Math.min(all.length - 1, Math.max(0, at + by))];
    if (next) setChosen(next.id);
  };
  const failure = isElsewhere && asked.error ? failureOf(asked.error) : null;
  return { shown, failure, isChosen: chosen !== null, show: setChosen, step };
}

/** Whoever looks at it is known to have. */
function useSeen(shown: Approval | null): void {
  const client = useTRPCClient();
  const id = shown?.status === 'pending' && shown.shownAt === null ? shown.id : null;
  useEffect(() => {
    // A viewer may look without being counted.
    if (id !== null) client.approval.show.mutate({ id }).catch(() => undefined);
  }, [client, id]);
}

export function InboxPage({ opened }: { opened?: string }) {
  const inbox = useInbox();
  const router = useRouter();
  const { shown, failure, isChosen, show, step } = useShown(inbox, opened);
  const [asked, setAsked] = useState<{ id: string | undefined; mode: Mode }>({ id: undefined, mode: 'plain' });
  // Another question starts plain.
  const mode = asked.id === shown?.id ? asked.mode : 'plain';
  const setMode = (next: Mode) => setAsked({ id: shown?.id, mode: next });
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const decide = useDecide();
  useSeen(shown);
  const toggle = (id: string) => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    setSelected(next);
  };
  const pending = shown?.status === 'pending' ? shown : null;
  useShortcuts('inbox', {
    'approval.next': () => step(1),
    'approval.previous': () => step(-1),
    'approval.approve': () => pending && void decide.run(pending, { decision: 'approved' }),
    'approval.session': () => pending && void decide.run(pending, { decision: 'approved', forSession: true }),
    'approval.edit': () => pending?.command && setMode('edit'),
    'approval.deny': () => pending && setMode('deny'),
    'approval.select': () => pending && toggle(pending.id),
    'approval.open': () => shown && router.push(`/sessions/${shown.sessionId}`),
  });
  const chosen = inbox.pending.filter(({ id }) => selected.has(id));
  return (
    <PageFrame
      place="inbox"
      heading="Inbox"
      title={inbox.pending.length > 0 ? `Inbox, ${inbox.pending.length} waiting` : 'Inbox'}
      isBusy={inbox.isLoading}
      hints={hints}
    >
      <main className="flex min-h-0 flex-1">
        <section
          aria-label="Questions"
          className={`flex min-h-0 w-[420px] flex-none flex-col border-line border-r max-wide:w-full max-wide:border-r-0 ${isChosen ? 'max-wide:hidden' : ''}`}
        >
          <Heading inbox={inbox} />
          <div className="min-h-0 flex-1 overflow-y-auto">
            <InboxList {...inbox} shown={shown?.id ?? null} selected={selected} onShow={show} onSelect={toggle} />
          </div>
          {chosen.length > 0 && <BatchBar approvals={chosen} onDone={() => setSelected(new Set())} />}
        </section>
        <section
          aria-label="The question"
          className={`flex min-h-0 min-w-0 flex-1 flex-col bg-surface ${isChosen ? '' : 'max-wide:hidden'}`}
        >
          {failure && (
            <Notice
              tone="problem"
              className="px-6 py-5"
              title="Not shown"
              action={<Button onClick={() => show(null)}>Whole inbox</Button>}
            >
              {failure.message}
            </Notice>
          )}
          {shown && <Question shown={shown} pending={pending} mode={mode} onMode={setMode} />}
        </section>
      </main>
    </PageFrame>
  );
}

const afterwards = ({ status }: Approval): string =>
  status === 'unknown'
    ? 'Its runner died before it ended. Look how far it came before you let it run again.'
    : 'It is decided, nothing is to be done.';

interface QuestionProps {
  shown: Approval;
  /** The same while it waits. */
  pending: Approval | null;
  mode: Mode;
  onMode: (mode: Mode) => void;
}

function Question({ shown, pending, mode, onMode }: QuestionProps) {
  return (
    <>
      <div className="min-h-0 flex-1 overflow-y-auto">
        <ApprovalDetail approval={shown} />
      </div>
      <div className="flex-none border-line border-t bg-bg px-6 py-3 max-wide:px-4 max-wide:pb-6">
        {pending ? (
          <DecideBar approval={pending} mode={mode} onMode={onMode} hasKeys />
        ) : (
          <p className="text-ink-3">{afterwards(shown)}</p>
        )}
      </div>
    </>
  );
}

function Heading({ inbox: { pending, isFirstLoad, failure, retry } }: { inbox: Inbox }) {
  if (failure && pending.length === 0) {
    return (
      <Notice
        tone="problem"
        className="px-4 py-5"
        title="Inbox not loaded"
        action={<Button onClick={retry}>Retry</Button>}
      >
        {failure.message} What waits goes on waiting.
      </Notice>
    );
  }
  return (
    <div className="flex h-11 flex-none items-center gap-2 border-line border-b px-4">
      {pending.length > 0 ? (
        <>
          <span className="font-medium">{formatNoun(pending.length, 'question')}</span>
          <span className="text-ink-3">riskiest first</span>
        </>
      ) : (
        <span className="text-ink-2">{isFirstLoad ? '' : 'Nothing waits for you.'}</span>
      )}
    </div>
  );
}
