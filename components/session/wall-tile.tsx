/** One session on the wall: its screen, and under it why it is in that state. */
import Link from 'next/link';
import { classNames } from '#components/ui/class-name.ts';
import { PhraseText } from '#components/ui/phrase-text.tsx';
import { StateMark } from '#components/ui/state-mark.tsx';
import { useNow } from '#components/ui/use-now.ts';
import { badgeFor } from './badge.ts';
import { ScreenText, shownTerminal } from './screen-text.tsx';
import { needsSomeone, type SessionView } from './session-facts.ts';

export function WallTile({ view, isDimmed, onFocus }: { view: SessionView; isDimmed: boolean; onFocus: () => void }) {
  const now = useNow('fine');
  const badge = badgeFor(view, now);
  const terminal = shownTerminal(view);
  return (
    <li
      className={classNames(
        'relative flex min-w-0 flex-col border-line border-r border-b bg-well focus-within:outline-1 focus-within:outline-accent-solid focus-within:-outline-offset-1',
        needsSomeone(view) && 'border-t-2 border-t-needs-solid',
      )}
    >
      <div
        className={classNames(
          'aspect-[16/10] overflow-hidden p-2 transition-opacity duration-(--move)',
          isDimmed && 'opacity-70',
        )}
      >
        {terminal && <ScreenText view={view} terminal={terminal} fit="tile" />}
      </div>
      <div className="flex h-6 flex-none items-center gap-2 border-line border-t bg-surface px-2 text-xs max-wide:h-11">
        <StateMark shape={badge.need} />
        <Link
          href={`/sessions/${view.id}`}
          prefetch={false}
          data-row={view.id}
          onFocus={onFocus}
          aria-label={`${view.name}. ${badge.label}`}
          className="max-w-[50%] flex-none truncate font-medium outline-none after:absolute after:inset-0"
        >
          {view.name}
        </Link>
        <span aria-hidden="true" className="num min-w-0 flex-1 truncate text-ink-2">
          <PhraseText phrase={badge.why} />
        </span>
      </div>
    </li>
  );
}
