/** What a session asks of people, as a card: decided where one is, in the session or in a look into it. */
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTRPC } from '#components/api/api.ts';
import type { Scope } from '#components/shell/shortcut.ts';
import type { SessionView } from '#protocol/session-view.ts';
import { effectSentence, subjectOf } from './approval-facts.ts';
import { DecideBar } from './decide-bar.tsx';
import { ExactText } from './exact-text.tsx';
import { GivenInput } from './given-input.tsx';
import { isToBeLookedAt, SettleBar } from './settle-bar.tsx';
import { SimilarCount } from './similar-decisions.tsx';
import { useDeciding, useDecidingKeys } from './use-decision.ts';
import { Held, VerdictMark } from './verdict-mark.tsx';

/** What waits in a session, oldest first, and what somebody has to look at. */
export const waitingIn = ({ turns }: Pick<SessionView, 'turns'>): string[] => [
  ...turns.actions.flatMap(({ approval }) => (approval?.decided === null ? [approval.approvalId] : [])),
  ...(turns.unknown ?? []).map(({ approvalId }) => approvalId),
];

/** Above the composer. */
export function SessionQuestions({ view }: { view: Pick<SessionView, 'turns'> }) {
  const waiting = waitingIn(view);
  const [first] = waiting;
  if (first === undefined) return null;
  return (
    <div className="flex-none border-line border-t bg-bg px-4 py-3 max-wide:px-3">
      <QuestionCard key={first} id={first} more={waiting.length - 1} scope="session" />
    </div>
  );
}

export interface QuestionCardProps {
  id: string;
  /** Others that wait in the same session. */
  more: number;
  /** Where its keys work. */
  scope: Scope;
}

export function QuestionCard({ id, more, scope }: QuestionCardProps) {
  const { data } = useQuery(useTRPC().approval.get.queryOptions({ id }));
  const approval = data && (data.status === 'pending' || isToBeLookedAt(data)) ? data : null;
  const asked = approval?.status === 'pending' ? approval : null;
  const deciding = useDeciding(asked);
  useDecidingKeys(scope, asked, deciding);
  if (!approval) return null;
  return (
    <section
      aria-label="Question"
      className="mx-auto flex w-full max-w-[860px] flex-col gap-2 rounded-3 border border-needs-line bg-surface p-3"
    >
      <p className="flex items-center gap-2">
        <VerdictMark status={approval.status} />
        <span className="min-w-0 flex-1 truncate">
          <span className="font-medium">{approval.agent}</span> {effectSentence(approval)}
        </span>
        <span className="num flex-none text-ink-3 text-xs">
          <Held at={approval.requestedAt} />
        </span>
      </p>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        className="mono max-h-40 overflow-y-auto whitespace-pre-wrap rounded-2 border border-line bg-well px-3 py-2 [overflow-wrap:anywhere]"
      >
        <ExactText text={subjectOf(approval)} />
      </pre>
      <GivenInput input={approval.input} />
      <dl className="grid grid-cols-[56px_minmax(0,1fr)] gap-x-3 gap-y-0.5 text-xs [overflow-wrap:anywhere]">
        <dt className="text-ink-3">Rule</dt>
        <dd>
          <code>{approval.rule}</code> <span className="text-ink-2">{approval.reasons.slice(0, 2).join('; ')}</span>
        </dd>
        <dt className="text-ink-3">Before</dt>
        <dd className="flex gap-3 text-ink-2">
          <span className="min-w-0 flex-1">
            <SimilarCount id={approval.id} />
          </span>
          <Link
            href={`/inbox/${id}`}
            prefetch={false}
            className="flex-none rounded-1 text-accent hover:underline max-wide:inline-flex max-wide:min-h-11 max-wide:items-center"
          >
            {more > 0 ? `Details, and ${more} more` : 'Details'}
          </Link>
        </dd>
      </dl>
      {asked ? <DecideBar approval={asked} deciding={deciding} /> : <SettleBar approval={approval} />}
    </section>
  );
}
