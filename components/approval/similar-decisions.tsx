/** What people said before about the same program with the same effect. */
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { type Approval, useTRPC } from '#components/api/api.ts';
import { ExactText } from '#components/ui/exact-text.tsx';
import { formatClock } from '#components/ui/format.ts';
import { useNow } from '#components/ui/use-now.ts';
import { actionText } from '#protocol/action-text.ts';
import { VerdictMark } from './verdict-mark.tsx';

/** The newest five; shown again after a while, since they seldom change. */
const freshMs = 15_000;

function useSimilar(id: Approval['id']): Approval[] | undefined {
  return useQuery(useTRPC().approval.similar.queryOptions({ id }, { staleTime: freshMs })).data;
}

export function SimilarDecisions({ approval }: { approval: Approval }) {
  const similar = useSimilar(approval.id);
  if (!similar) return null;
  return (
    <section>
      <h3 className="pb-1 font-medium text-2xs text-ink-3 max-wide:text-xs">Similar decisions</h3>
      {similar.length === 0 && <p className="text-ink-2 text-xs">Nobody decided about the like before.</p>}
      <ul aria-label="Similar decisions" className="flex flex-col gap-2.5">
        {similar.map((each) => (
          <li key={each.id}>
            <SimilarRow decided={each} isElsewhere={each.sessionId !== approval.sessionId} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function SimilarRow({ decided, isElsewhere }: { decided: Approval; isElsewhere: boolean }) {
  const now = useNow('coarse');
  const { status, decidedBy, decidedAt, edit, note, forSession, sessionName } = decided;
  const words = [
    decidedBy,
    now > 0 && decidedAt !== null && formatClock(decidedAt, now),
    edit !== null && 'edited',
    forSession && 'for session',
    isElsewhere && `in ${sessionName}`,
  ];
  return (
    <>
      <Link
        href={`/inbox/${decided.id}`}
        prefetch={false}
        className="flex items-center gap-2 rounded-1 hover:underline max-wide:min-h-11"
      >
        <VerdictMark status={status} />
        <span className="mono-xs min-w-0 flex-1 truncate">
          <ExactText text={edit ?? actionText(decided)} />
        </span>
      </Link>
      <p className="pt-0.5 text-ink-3 text-xs [overflow-wrap:anywhere]">
        {words.filter(Boolean).join(', ')}
        {note !== null && <span className="text-ink-2">: “{note}”</span>}
      </p>
    </>
  );
}

const statusWords = { approved: 'allowed', denied: 'denied', unknown: 'unknown' } as const;

/** "2 allowed, 1 denied of the like", or that nobody decided about it. */
export function SimilarCount({ id }: { id: Approval['id'] }) {
  const similar = useSimilar(id) ?? [];
  const counts = (['approved', 'denied', 'unknown'] as const).flatMap((status) => {
    const count = similar.filter((each) => each.status === status).length;
    return count === 0 ? [] : [`${count} ${statusWords[status]}`];
  });
  return counts.length === 0 ? 'nobody decided about the like' : `${counts.join(', ')} of the like`;
}
