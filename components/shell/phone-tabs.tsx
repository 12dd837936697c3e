/** The places of a phone, at thumb height: the sessions as a list or a wall, and the inbox between them. */
import { Inbox, LayoutGrid, type LucideIcon, Rows3 } from 'lucide-react';
import Link from 'next/link';
import { Icon } from '#components/ui/icon.tsx';
import { useWaitingCount } from './use-waiting-count.ts';

type Tab = 'list' | 'inbox' | 'wall';

export interface PhoneTabsProps {
  current: Tab;
  /** Sessions that need somebody; 0 where they are not looked at. */
  needs?: number;
}

export function PhoneTabs({ current, needs = 0 }: PhoneTabsProps) {
  const waiting = useWaitingCount();
  const tab = (value: Tab) => ({
    'aria-current': value === current ? ('page' as const) : undefined,
    className:
      'focus-inside relative flex flex-col items-center justify-center gap-[3px] text-[11px] text-ink-3 aria-[current]:text-ink',
  });
  return (
    <nav aria-label="Views" className="grid h-16 flex-none grid-cols-3 border-line border-t bg-bg pb-2 wide:hidden">
      <Link href="/" {...tab('list')}>
        <Mark icon={Rows3} count={needs} words={`${needs} need you`} />
        Sessions
      </Link>
      <Link href="/inbox" {...tab('inbox')}>
        <Mark icon={Inbox} count={waiting} words={`${waiting} waiting`} />
        Inbox
      </Link>
      <Link href="/?view=wall" {...tab('wall')}>
        <Mark icon={LayoutGrid} count={0} words="" />
        Wall
      </Link>
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
