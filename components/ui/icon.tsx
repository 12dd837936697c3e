/** How icons are drawn: small, thin, silent to assistive technology because a word stands beside them. */
import type { LucideIcon } from 'lucide-react';

export interface IconProps {
  icon: LucideIcon;
  /** Edge in px. */
  size?: number;
  className?: string;
}

export function Icon({ icon: Glyph, size = 14, className = '' }: IconProps) {
  return <Glyph aria-hidden="true" size={size} strokeWidth={1.75} className={`flex-none ${className}`} />;
}
