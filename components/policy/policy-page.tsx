/** `/policy`: the rules in force in a session with whose they are, a test box, and the time machine. Composes; the parts know the rest. */
'use client';
import { useRouter } from 'next/navigation';
import { PageFrame } from '#components/shell/page-frame.tsx';
import type { KeyHint } from '#components/shell/status-line.tsx';
import { Button } from '#components/ui/button.tsx';
import { anyChoice, ChipMenu } from '#components/ui/chip-menu.tsx';
import { Notice } from '#components/ui/notice.tsx';
import { EffectiveList } from './effective-list.tsx';
import { saidBy } from './rule-draft.ts';
import { TestBox } from './test-box.tsx';
import { TimeMachine } from './time-machine.tsx';
import { useEffective, useSessionChoices } from './use-policy.ts';

const hints: readonly KeyHint[] = [
  { caps: ['⌘K'], does: 'commands' },
  { caps: ['?'], does: 'all keys' },
];

export function PolicyPage({ session }: { session: string | null }) {
  const router = useRouter();
  const choices = useSessionChoices();
  const { effective, isLoading, failure, retry } = useEffective(session);
  const level = session === null ? 'server' : 'session';
  const choose = (value: string) => router.push(value === anyChoice ? '/policy' : `/policy?session=${value}`);
  const known = choices.some(({ value }) => value === session);
  return (
    <PageFrame place="policy" heading="Policy" isBusy={isLoading} hints={hints}>
      <main className="flex min-h-0 flex-1 max-wide:flex-col max-wide:overflow-y-auto">
        <section
          aria-label="In force"
          className="flex min-h-0 w-[440px] flex-none flex-col border-line border-r max-wide:w-full max-wide:border-r-0"
        >
          <div className="flex min-h-11 flex-none items-center gap-2 border-line border-b px-4 max-wide:py-2">
            <ChipMenu
              label="In force in"
              value={session ?? anyChoice}
              choices={[
                { value: anyChoice, label: 'every session' },
                ...(session !== null && !known ? [{ value: session, label: 'this session' }] : []),
                ...choices,
              ]}
              onChange={choose}
            />
          </div>
          <div className="min-h-0 flex-1 overflow-y-auto max-wide:overflow-visible">
            {failure && !effective && (
              <Notice
                tone="problem"
                className="px-4 py-5"
                title="Rules not loaded"
                action={<Button onClick={retry}>Retry</Button>}
              >
                {failure.message} They hold all the same.
              </Notice>
            )}
            {effective && <EffectiveList effective={effective} />}
          </div>
        </section>
        <div className="min-h-0 min-w-0 flex-1 overflow-y-auto bg-surface max-wide:flex-none max-wide:overflow-visible">
          <TestBox session={session} />
          {effective && <TimeMachine key={session} session={session} level={level} said={saidBy(effective, level)} />}
        </div>
      </main>
    </PageFrame>
  );
}
