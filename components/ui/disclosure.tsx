/** A part of a form that few need, folded away behind one word. */
import { ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { Icon } from './icon.tsx';

export interface DisclosureProps {
  label: string;
  /** True opens it; people may close it again. */
  isOpen: boolean;
  children: ReactNode;
}

export function Disclosure({ label, isOpen, children }: DisclosureProps) {
  return (
    <details open={isOpen || undefined} className="group">
      <summary className="flex h-6 list-none items-center gap-1 text-ink-2 hover:text-ink max-wide:h-11 [&::-webkit-details-marker]:hidden">
        <Icon icon={ChevronRight} size={12} className="transition-[rotate] duration-(--fast) group-open:rotate-90" />
        {label}
      </summary>
      <div className="pt-2">{children}</div>
    </details>
  );
}
