/** One of a few views, side by side. */
import type { LucideIcon } from 'lucide-react';
import { Icon } from './icon.tsx';

export interface SegmentedProps<T extends string> {
  label: string;
  value: T;
  options: readonly { value: T; label: string; icon: LucideIcon }[];
  onChange: (value: T) => void;
}

export function Segmented<T extends string>({ label, value, options, onChange }: SegmentedProps<T>) {
  return (
    <fieldset aria-label={label} className="inline-flex h-[26px] overflow-hidden rounded-2 border border-line-strong">
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => onChange(option.value)}
          className="focus-inside inline-flex items-center gap-1.5 border-line-strong px-2.5 text-ink-2 not-last:border-r hover:text-ink aria-pressed:bg-active aria-pressed:text-ink"
        >
          <Icon icon={option.icon} />
          {option.label}
        </button>
      ))}
    </fieldset>
  );
}
