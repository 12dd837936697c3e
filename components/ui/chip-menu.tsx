/** A filter in a bar: what is chosen, and a menu to choose another. */
import { ChevronDown } from 'lucide-react';
import { Icon } from './icon.tsx';
import { Menu, MenuChoice } from './menu.tsx';

/** The value of "all of them": Base UI's radio groups take strings, and nothing real is empty. */
export const anyChoice = '';

export const chipClass =
  'inline-flex h-6 items-center gap-1.5 whitespace-nowrap rounded-2 border border-line px-2 text-ink-2 hover:border-line-strong hover:text-ink max-wide:h-11';

export interface ChipMenuProps {
  label: string;
  value: string;
  choices: { value: string; label: string }[];
  onChange: (value: string) => void;
}

export function ChipMenu({ label, value, choices, onChange }: ChipMenuProps) {
  const current = choices.find((choice) => choice.value === value)?.label ?? '';
  return (
    <Menu
      trigger={
        <button type="button" className={chipClass}>
          <span>
            {label}: <span className={value === anyChoice ? '' : 'text-ink'}>{current}</span>
          </span>
          <Icon icon={ChevronDown} size={12} className="text-ink-3" />
        </button>
      }
    >
      <MenuChoice label={label} value={value} choices={choices} onChange={onChange} />
    </Menu>
  );
}
