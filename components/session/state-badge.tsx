/** A session's state in one line: mark, coloured verb, and why in plain ink. */
import { classNames } from '#components/ui/class-name.ts';
import { PhraseText } from '#components/ui/phrase-text.tsx';
import { StateMark } from '#components/ui/state-mark.tsx';
import { paceOf, useNow } from '#components/ui/use-now.ts';
import { type Badge, badgeFor, type Need } from './badge.ts';
import type { SessionView } from './session-facts.ts';

const tints: Record<Need, string> = {
  needs: 'bg-needs-tint text-needs [--mark-ground:var(--needs-tint)]',
  working: 'bg-working-tint text-working',
  idle: 'bg-idle-tint text-idle',
  done: 'bg-done-tint text-done',
  problem: 'bg-problem-tint text-problem',
};

/** Written again each second while something moves or its age is under a minute, else each minute. */
function useBadge(view: SessionView): Badge {
  const coarse = useNow('coarse');
  const isMoving = view.status === 'working' || view.status === 'starting' || view.status === 'waiting';
  const moments = [view.statusSince, ...view.terminals.map((terminal) => terminal.drivenSince ?? '')];
  const isFresh = moments.some((at) => paceOf(at, coarse) === 'fine');
  return badgeFor(view, useNow(isMoving || isFresh ? 'fine' : 'coarse'));
}

export function StateBadge({ view, className }: { view: SessionView; className?: string }) {
  const badge = useBadge(view);
  return (
    <span className={classNames('inline-flex min-w-0 max-w-full items-center gap-1.5 whitespace-nowrap', className)}>
      <span className="sr-only">{badge.label}</span>
      <span
        aria-hidden="true"
        className={classNames(
          'inline-flex h-[18px] flex-none items-center gap-[5px] rounded-1 px-[5px] font-medium text-xs max-wide:h-5',
          tints[badge.need],
        )}
      >
        <StateMark shape={badge.need} />
        {badge.verb}
      </span>
      <span aria-hidden="true" className="num min-w-0 truncate">
        <PhraseText phrase={badge.why} />
      </span>
    </span>
  );
}
