/** A choice of yes or no with what it means, and what is wrong with it. */
import type { ReactNode } from 'react';

export interface CheckFieldProps {
  label: string;
  help: ReactNode;
  checked: boolean;
  problem?: string | null;
  onChange: (checked: boolean) => void;
}

export function CheckField({ label, help, checked, problem = null, onChange }: CheckFieldProps) {
  return (
    <label className="flex items-start gap-2.5 max-wide:min-h-11">
      <input
        type="checkbox"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
        className="mt-0.5 size-3.5 accent-(--accent-solid) max-wide:size-5"
      />
      <span>
        {label}
        <span className="block text-ink-3 text-xs">{help}</span>
        {problem && (
          <span role="alert" className="block text-problem text-xs">
            {problem}
          </span>
        )}
      </span>
    </label>
  );
}
