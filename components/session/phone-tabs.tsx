/** The places of a phone, at thumb height: the sessions as a list or a wall, and the inbox between them. */
import { Inbox, LayoutGrid, type LucideIcon, Rows3 } from 'lucide-react';
import Link from 'next/link';
import { useWaitingCount } from '#components/shell/use-waiting-count.ts';
import { Icon } from '#components/ui/icon.tsx';
import type { DashboardView } from './dashboard-tools.tsx';

const tabClass =
  'focus-inside relative flex flex-col items-center justify-center gap-[3px] text-[11px] text-ink-3 aria-[current]:text-ink';

export interface PhoneTabsProps {
  view: DashboardView;
  /** Sessions that need somebody. */
  needs: number;
  onView: (view: DashboardView) => void;
}

export function PhoneTabs({ view, needs, onView }: PhoneTabsProps) {
  const waiting = useWaitingCount();
  const tab = (value: DashboardView) => ({
    type: 'button' as const,
    'aria-current': value === view ? ('page' as const) : undefined,
    onClick: () => onView(value),
    className: tabClass,
  });
  return (
    <nav aria-label="Views" className="grid h-16 flex-none grid-cols-3 border-line border-t bg-bg pb-2 wide:hidden">
      <button {...tab('list')}>
        <Mark icon={Rows3} count={needs} words={`${needs} need you`} />
        Sessions
      </button>
      <Link href="/inbox" className={tabClass}>
        <Mark icon={Inbox} count={waiting} words={`${waiting} waiting`} />
        Inbox
      </Link>
      <button {...tab('wall')}>
        <Mark icon={LayoutGrid} count={0} words="" />
        Wall
      </button>
    </nav>
  );
}

function Mark({ icon, count, words }: { icon: LucideIcon; count: number; words: string }) {
  return (
    <span className="relative">
      <Icon icon={icon} size={20} />
      {count > 0 && (
        <span
          role="img"
          aria-label={words}
          className="num absolute -top-1 left-4 min-w-3.5 rounded-1 border border-needs-line bg-needs-tint px-0.5 text-center font-semibold text-[10px] text-needs leading-[14px]"
        >
          {count}
        </span>
      )}
    </span>
  );
}
