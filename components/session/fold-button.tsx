/** The line that opens and closes what it stands for. */
import { ChevronRight, type LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { classNames } from '#components/ui/class-name.ts';
import { Icon } from '#components/ui/icon.tsx';

export function FoldButton({
  icon,
  isOpen,
  onClick,
  children,
}: {
  icon: LucideIcon;
  isOpen: boolean;
  onClick: () => void;
  children: ReactNode;
}) {
  return (
    <button
      type="button"
      aria-expanded={isOpen}
      onClick={onClick}
      className="focus-inside -ml-1.5 flex h-6 w-[calc(100%+6px)] items-center gap-1.5 rounded-1 px-1.5 text-left text-ink-2 hover:bg-hover hover:text-ink max-wide:h-11"
    >
      <Icon
        icon={ChevronRight}
        size={12}
        className={classNames('text-ink-3 transition-[rotate] duration-(--fast)', isOpen && 'rotate-90')}
      />
      <Icon icon={icon} size={13} className="text-ink-3" />
      {children}
    </button>
  );
}
