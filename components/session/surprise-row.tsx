/** What a command changed beyond what it said: which command, which files, and who else may have done it. */
import { FileWarning } from 'lucide-react';
import { ExactText } from '#components/ui/exact-text.tsx';
import { formatCount } from '#components/ui/format.ts';
import { Icon } from '#components/ui/icon.tsx';
import { visibleLine } from '#protocol/visible-text.ts';
import type { SurpriseRow } from './timeline-row.ts';
import { signs } from './turn-row.tsx';

const shownFiles = 12;

export function Surprise({ row }: { row: SurpriseRow }) {
  const { subject, paths, more, isShared } = row;
  const others = more + Math.max(0, paths.length - shownFiles);
  const tone = isShared ? 'text-needs' : 'text-problem';
  return (
    <div className="flex gap-1.5 py-1 pl-[26px]">
      <Icon icon={FileWarning} size={13} className={`mt-[3px] ${tone}`} />
      <div className="min-w-0 flex-1">
        <p className={`font-medium ${tone}`}>
          {isShared ? 'Files changed while a person typed in a shell' : 'Changed what it did not say'}
        </p>
        {subject !== null && (
          <p className="mono-xs truncate text-ink-3" title={visibleLine(subject)}>
            <ExactText text={subject} />
          </p>
        )}
        <ul
          aria-label="Unexpected changes"
          className="flex flex-wrap items-center gap-x-3 gap-y-0.5 text-ink-2 text-xs"
        >
          {paths.slice(0, shownFiles).map(({ path, change }) => (
            <li key={`${change} ${path}`} className="mono-xs [overflow-wrap:anywhere]">
              <abbr title={change} className="text-ink-3 no-underline">
                {signs[change]}
              </abbr>{' '}
              <ExactText text={path} />
            </li>
          ))}
          {others > 0 && <li className="num">and {formatCount(others)} more</li>}
        </ul>
      </div>
    </div>
  );
}
