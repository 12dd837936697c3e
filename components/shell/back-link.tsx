/** The way back to all sessions on a narrow screen, where the bar has no room for the navigation. */
import { ChevronLeft } from 'lucide-react';
import Link from 'next/link';
import { Icon } from '#components/ui/icon.tsx';

export function BackLink() {
  return (
    <Link
      href="/"
      aria-label="All sessions"
      className="-ml-3 inline-flex size-11 flex-none items-center justify-center rounded-2 text-ink-2 wide:hidden"
    >
      <Icon icon={ChevronLeft} size={20} />
    </Link>
  );
}
