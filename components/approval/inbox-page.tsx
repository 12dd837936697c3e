/** `/inbox`: what waits for a person, one of it in full, and the way to decide. Composes; the parts know the rest. */
'use client';
import { useRouter } from 'next/navigation';
import { useEffect } from 'react';
import { type Approval, useTRPCClient } from '#components/api/api.ts';
import { NotifyHint } from '#components/notify/notify-hint.tsx';
import { PageFrame } from '#components/shell/page-frame.tsx';
import { PhoneTabs } from '#components/shell/phone-tabs.tsx';
import type { KeyHint } from '#components/shell/status-line.tsx';
import { useShortcuts } from '#components/shell/use-shortcuts.ts';
import { Button } from '#components/ui/button.tsx';
import { classNames } from '#components/ui/class-name.ts';
import { formatNoun } from '#components/ui/format.ts';
import { KeyCap } from '#components/ui/key-cap.tsx';
import { Notice } from '#components/ui/notice.tsx';
import { useIsPhone } from '#components/ui/use-media.ts';
import { ApprovalDetail } from './approval-detail.tsx';
import { outcomeSentence } from './approval-facts.ts';
import { BatchBar } from './batch-bar.tsx';
import { DecideBar } from './decide-bar.tsx';
import { InboxList } from './inbox-list.tsx';
import { isToBeLookedAt, SettleBar } from './settle-bar.tsx';
import { alike, type Batch, useBatch } from './use-batch.ts';
import { type Deciding, useDeciding, useDecidingKeys } from './use-decision.ts';
import { type Inbox, useInbox } from './use-inbox.ts';
import { type Shown, useShown } from './use-shown.ts';

const hints: readonly KeyHint[] = [
  { caps: ['j', 'k'], does: 'move' },
  { caps: ['x', 'l'], does: 'select' },
  { caps: ['a', 'e', 's', 'd'], does: 'decide' },
  { caps: ['o'], does: 'open session' },
  { caps: ['?'], does: 'all keys' },
];

/** Whoever looks at it is known to have. */
function useSeen(shown: Approval | null): void {
  const client = useTRPCClient();
  const id = shown?.status === 'pending' && shown.shownAt === null ? shown.id : null;
  useEffect(() => {
    // A viewer may look without being counted.
    if (id !== null) client.approval.show.mutate({ id }).catch(() => undefined);
  }, [client, id]);
}

const isAsked = ({ status }: Approval): boolean => status === 'pending';

/** Keys decide what is selected, else what is shown. */
function useInboxKeys(shown: Shown, pending: readonly Approval[], deciding: Deciding, batch: Batch): void {
  const router = useRouter();
  const { approval } = shown;
  const waiting = approval?.status === 'pending' ? approval : null;
  const hasBatch = batch.selected.size > 0;
  useDecidingKeys('inbox', hasBatch ? null : waiting, deciding);
  useShortcuts('inbox', {
    'approval.next': () => shown.step(1),
    'approval.previous': () => shown.step(-1),
    'approval.select': () => waiting && batch.toggle(waiting),
    'approval.alike': () => batch.selectAlike(pending.filter(isAsked)),
    'approval.open': () => approval && router.push(`/sessions/${approval.sessionId}`),
    ...(hasBatch &&
      !batch.isDisabled && {
        'approval.approve': () => void batch.run({ decision: 'approved' }),
        'approval.deny': () => batch.setAsking(true),
      }),
    ...((hasBatch || batch.failures.length > 0) && { 'approval.clear': batch.clear }),
  });
}

export function InboxPage({ opened }: { opened?: string }) {
  const inbox = useInbox();
  const { pending } = inbox;
  const shown = useShown(inbox, opened);
  const { approval, isChosen } = shown;
  const isPhone = useIsPhone();
  // A second key that was meant for all of them must not meet the one that is shown.
  const batch = useBatch(() => !isPhone && shown.comeBack());
  // On a phone a second tap must not meet another question.
  const deciding = useDeciding(!isPhone && batch.selected.size > 0 ? null : approval, {
    isOwn: isChosen,
    onDecided: ({ id }) => !isPhone && shown.moveOn(id),
  });
  useSeen(approval);
  useInboxKeys(shown, pending, deciding, batch);
  const isEmpty = !isPhone && pending.length === 0 && approval === null && shown.failure === null && !inbox.isFirstLoad;
  return (
    <PageFrame
      place="inbox"
      heading={isPhone && isChosen ? placeOf(shown, pending.length) : 'Inbox'}
      title={pending.length > 0 ? `Inbox, ${pending.length} waiting` : 'Inbox'}
      isBusy={inbox.isLoading}
      hints={hints}
      back={isPhone && isChosen ? { label: 'Inbox', onBack: shown.leave } : null}
    >
      <main className="flex min-h-0 flex-1">
        <section
          aria-label="Questions"
          className={classNames(
            'flex min-h-0 flex-none flex-col border-line max-wide:w-full',
            isEmpty ? 'w-full' : 'w-[420px] max-full:w-[300px] wide:border-r',
            isChosen && 'max-wide:hidden',
          )}
        >
          <Heading inbox={inbox} />
          <NotifyHint />
          <InboxList
            pending={pending}
            decided={inbox.decided}
            shown={approval?.id ?? null}
            selected={batch.selected}
            onShow={shown.show}
            onSelect={batch.toggle}
          />
          <BatchBar
            batch={batch}
            more={alike(pending.filter(isAsked), batch.selected).filter(({ id }) => !batch.selected.has(id)).length}
            onMore={() => batch.selectAlike(pending.filter(isAsked))}
          />
        </section>
        <section
          aria-label="The question"
          className={classNames(
            'flex min-h-0 min-w-0 flex-1 flex-col bg-surface',
            !isChosen && 'max-wide:hidden',
            isEmpty && 'hidden',
          )}
        >
          <Question shown={shown} deciding={deciding} chosen={isPhone ? 0 : batch.selected.size} />
        </section>
      </main>
      {!isChosen && <PhoneTabs current="inbox" />}
    </PageFrame>
  );
}

/** What a phone says above a question: its place among those that wait. A notification may lead to it before they are known. */
const placeOf = ({ approval, place }: Shown, count: number): string =>
  place > 0 ? `${place} of ${count}` : approval !== null && approval.status !== 'pending' ? 'Decided' : 'Question';

interface QuestionProps {
  shown: Shown;
  deciding: Deciding;
  /** How many are selected beside it: those are decided first. */
  chosen: number;
}

function Question({ shown: { approval, failure, next, leave }, deciding, chosen }: QuestionProps) {
  if (failure) {
    return (
      <Notice
        tone="problem"
        className="px-6 py-5"
        title="Not shown"
        action={<Button onClick={leave}>Whole inbox</Button>}
      >
        {failure.message}
      </Notice>
    );
  }
  if (!approval) return null;
  return (
    <>
      <div className="min-h-0 flex-1 overflow-y-auto">
        <ApprovalDetail approval={approval} />
      </div>
      <div className="flex-none border-line border-t bg-bg px-6 py-3 max-wide:px-4 max-wide:pb-6">
        {chosen > 0 ? (
          <p className="flex min-h-(--h-control) items-center text-ink-2">
            {formatNoun(chosen, 'question')} selected, decided together on the left.
          </p>
        ) : isToBeLookedAt(approval) ? (
          <SettleBar approval={approval} />
        ) : approval.status === 'pending' || deciding.mode !== 'plain' ? (
          <DecideBar approval={approval} deciding={deciding} />
        ) : (
          <div className="flex items-center gap-3">
            <p className="flex-1 text-ink-2">{outcomeSentence(approval)}</p>
            {next && (
              <Button onClick={next} className="max-wide:h-12">
                Next question
              </Button>
            )}
          </div>
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
        !isFirstLoad && (
          <span className="text-ink-2">
            Nothing waits for you.
            <span className="max-wide:hidden touch:hidden">
              {' '}
              <KeyCap cap="n" /> starts a session.
            </span>
          </span>
        )
      )}
    </div>
  );
}
