/** The way back on a narrow screen, where the bar has no room for the navigation: to all sessions, or where a page says. */
import { ChevronLeft } from 'lucide-react';
import Link from 'next/link';
import { Icon } from '#components/ui/icon.tsx';

export interface BackLinkProps {
  label?: string;
  /** Leads back within the page. */
  onBack?: () => void;
}

const className = '-ml-3 inline-flex size-11 flex-none items-center justify-center rounded-2 text-ink-2 wide:hidden';

export function BackLink({ label = 'All sessions', onBack }: BackLinkProps) {
  const icon = <Icon icon={ChevronLeft} size={20} />;
  return onBack ? (
    <button type="button" onClick={onBack} aria-label={label} className={className}>
      {icon}
    </button>
  ) : (
    <Link href="/" aria-label={label} className={className}>
      {icon}
    </Link>
  );
}
