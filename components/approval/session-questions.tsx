/** What a session asks of people, as a card: decided where one is, in the session or in a look into it. */
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { type ApprovalDetail, useTRPC } from '#components/api/api.ts';
import { type Failure, failureOf } from '#components/api/failure.ts';
import type { Scope } from '#components/shell/shortcut.ts';
import { Button } from '#components/ui/button.tsx';
import { ExactText } from '#components/ui/exact-text.tsx';
import { Notice } from '#components/ui/notice.tsx';
import { actionText } from '#protocol/action-text.ts';
import type { SessionView } from '#protocol/session-view.ts';
import { effectSentence, needsOf } from './approval-facts.ts';
import { DecideBar } from './decide-bar.tsx';
import { GivenInput } from './given-input.tsx';
import { isToBeLookedAt, SettleBar } from './settle-bar.tsx';
import { type Held as HeldQuestion, heldAfter } from './shown-state.ts';
import { SimilarCount } from './similar-decisions.tsx';
import { type Deciding, useDeciding, useDecidingKeys } from './use-decision.ts';
import { useRefreshDetails } from './use-inbox.ts';
import { Held, VerdictMark } from './verdict-mark.tsx';

/** What waits in a session, oldest first, and what somebody has to look at. */
const waitingIn = ({ turns }: SessionView): string[] => [
  ...turns.actions.flatMap(({ approval }) => (approval?.decided === null ? [approval.approvalId] : [])),
  ...(turns.unknown ?? []).map(({ approvalId }) => approvalId),
];

/** Above the composer. */
export function SessionQuestions({ view }: { view: SessionView }) {
  const question = useQuestion(view);
  if (!question) return null;
  return (
    <div className="flex-none border-line border-t bg-bg px-4 py-3 max-wide:px-3">
      <QuestionCard question={question} scope="session" />
    </div>
  );
}

export interface Question {
  id: string;
  /** Others that wait in the same session. */
  more: number;
  /** Null until it is loaded. */
  approval: ApprovalDetail | null;
  failure: Failure | null;
  retry: () => void;
  deciding: Deciding;
}

/** What a session asks first; one that is written about stays until that is over, whatever becomes of it. Null: nothing is asked. */
export function useQuestion(view: SessionView): Question | null {
  const waiting = waitingIn(view);
  const [held, setHeld] = useState<HeldQuestion | null>(null);
  const asked = useQuery(useTRPC().approval.get.queryOptions({ id: held?.id ?? '' }, { enabled: held !== null }));
  const approval = (held && asked.data) ?? null;
  const deciding = useDeciding(approval);
  const next = heldAfter(held, waiting, deciding.mode !== 'plain');
  if (next !== held) setHeld(next);
  const refresh = useRefreshDetails();
  // Once more when it is loaded: what is read while things change may be older than the view.
  useEffect(() => {
    if (approval) refresh(view);
  }, [refresh, view, approval]);
  if (!next) return null;
  return {
    id: next.id,
    more: waiting.filter((id) => id !== next.id).length,
    approval,
    failure: asked.error && !approval ? failureOf(asked.error) : null,
    retry: () => void asked.refetch(),
    deciding,
  };
}

export interface QuestionCardProps {
  question: Question;
  /** Where its keys work. */
  scope: Scope;
}

export function QuestionCard({ question: { id, more, approval, failure, retry, deciding }, scope }: QuestionCardProps) {
  const card = useRef<HTMLElement>(null);
  useDecidingKeys(scope, approval, deciding, card);
  if (failure) {
    return (
      <Notice tone="problem" title="Question not loaded" action={<Button onClick={retry}>Retry</Button>}>
        {failure.message} It goes on waiting.
      </Notice>
    );
  }
  if (!approval) return null;
  const isOpen = approval.status === 'pending' || deciding.mode !== 'plain';
  if (!isOpen && !isToBeLookedAt(approval)) return null;
  return (
    <section
      ref={card}
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
        <ExactText text={actionText(approval)} />
      </pre>
      <GivenInput input={approval.input} />
      <CardFacts approval={approval} more={more} />
      {isOpen ? <DecideBar approval={approval} deciding={deciding} /> : <SettleBar key={id} approval={approval} />}
    </section>
  );
}

function CardFact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-3">{label}</dt>
      <dd className="flex min-w-0 flex-col">{children}</dd>
    </>
  );
}

function CardFacts({ approval, more }: { approval: ApprovalDetail; more: number }) {
  const { id, rule, reasons } = approval;
  const needs = needsOf(approval);
  return (
    <dl className="grid grid-cols-[56px_minmax(0,1fr)] items-baseline gap-x-3 gap-y-0.5 text-xs [overflow-wrap:anywhere]">
      <CardFact label="Rule">
        <code>
          <ExactText text={rule} />
        </code>
        {reasons.slice(0, 2).map((reason) => (
          <span key={reason} className="text-ink-2">
            <ExactText text={reason} />
          </span>
        ))}
      </CardFact>
      {needs.length > 0 && (
        <CardFact label="Needs">
          {needs.map((need) => (
            <span key={need}>{need}</span>
          ))}
        </CardFact>
      )}
      <CardFact label="Before">
        <span className="flex items-baseline gap-3 text-ink-2">
          <span className="min-w-0 flex-1">
            <SimilarCount id={id} />
          </span>
          <Link
            href={`/inbox/${id}`}
            prefetch={false}
            className="relative flex-none rounded-1 text-accent hover:underline max-wide:after:absolute max-wide:after:-inset-x-3 max-wide:after:-top-5 max-wide:after:-bottom-2"
          >
            {more > 0 ? `Details, and ${more} more` : 'Details'}
          </Link>
        </span>
      </CardFact>
    </dl>
  );
}
