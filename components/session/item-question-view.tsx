/** What people are asked about an item, in its place: while it waits the way to decide it, then who decided what. */
import Link from 'next/link';
import { Held, VerdictMark } from '#components/approval/verdict-mark.tsx';
import { ExactText } from '#components/ui/exact-text.tsx';
import { formatClock } from '#components/ui/format.ts';
import { useNow } from '#components/ui/use-now.ts';
import type { ItemRow, Question } from './timeline-row.ts';

export interface ItemQuestionProps {
  question: Question;
  item: ItemRow['item'];
  /** Names by person's id. */
  names: ReadonlyMap<string, string>;
}

export function ItemQuestion({ question, item, names }: ItemQuestionProps) {
  const { status, approvalId, askedAt, decided } = question;
  return (
    <div className="mt-0.5 mb-1 ml-[18px] flex flex-col gap-1 text-xs">
      <p className="flex min-h-5 items-center gap-2">
        <VerdictMark status={status} />
        <span className="num min-w-0 flex-1 text-ink-2">
          {status === 'pending' ? (
            <>
              waits for a person, <Held at={askedAt} />
            </>
          ) : (
            <Outcome question={question} names={names} />
          )}
        </span>
        <Link
          href={`/inbox/${approvalId}`}
          prefetch={false}
          className="flex-none rounded-1 text-accent hover:underline max-wide:inline-flex max-wide:min-h-11 max-wide:items-center"
        >
          {status === 'pending' ? 'Decide' : 'Details'}
        </Link>
      </p>
      {decided?.note && <p className="text-ink-2 [overflow-wrap:anywhere]">“{decided.note}”</p>}
      {decided?.edit && <Edited from={item.command ?? ''} to={decided.edit} />}
    </div>
  );
}

function Outcome({ question: { status, decided }, names }: Pick<ItemQuestionProps, 'question' | 'names'>) {
  const now = useNow('coarse');
  if (decided === null) return status === 'withdrawn' ? 'not wanted any more' : 'nobody decided in time';
  const words = [
    `by ${names.get(decided.by) ?? 'someone'}`,
    now > 0 && formatClock(decided.at, now),
    decided.edit !== null && 'edited',
    decided.forSession && 'for the session',
    status === 'unknown' && 'what became of it is not known',
  ];
  return words.filter(Boolean).join(', ');
}

/** What was asked, and what was approved in its place. */
function Edited({ from, to }: { from: string; to: string }) {
  const line = 'flex gap-2 px-2 whitespace-pre-wrap [overflow-wrap:anywhere]';
  return (
    <div className="mono-xs overflow-hidden rounded-2 bg-well py-1">
      <p className={`${line} bg-(--del-line)`}>
        <span className="sr-only">Asked:</span>
        <span aria-hidden="true">−</span>
        <span className="min-w-0">
          <ExactText text={from} />
        </span>
      </p>
      <p className={`${line} bg-(--add-line)`}>
        <span className="sr-only">Approved instead:</span>
        <span aria-hidden="true">+</span>
        <span className="min-w-0">
          <ExactText text={to} />
        </span>
      </p>
    </div>
  );
}
