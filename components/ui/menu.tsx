/** A menu under a button: actions, links and choices. Knows nothing of what they do. */
import { Menu as Base } from '@base-ui/react/menu';
import { Check, type LucideIcon } from 'lucide-react';
import type { ReactElement, ReactNode } from 'react';
import { classNames } from './class-name.ts';
import { Icon } from './icon.tsx';
import { KeyCap } from './key-cap.tsx';

const row =
  'flex min-h-7 w-full cursor-default select-none items-center gap-2 rounded-1 px-2 outline-none data-[disabled]:text-ink-3 data-[highlighted]:bg-active max-wide:min-h-11';

export interface MenuProps {
  /** The button that opens it; it gets role, state and keys. */
  trigger: ReactElement;
  align?: 'start' | 'end';
  children: ReactNode;
}

export function Menu({ trigger, align = 'start', children }: MenuProps) {
  return (
    <Base.Root modal={false}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner className="z-50 outline-none" sideOffset={6} align={align} collisionPadding={8}>
          <Base.Popup className="max-h-[min(420px,var(--available-height))] min-w-44 max-w-[min(360px,calc(100vw-16px))] overflow-y-auto rounded-2 bg-raised p-1 shadow-float outline-none transition-opacity duration-(--fast) data-[ending-style]:opacity-0 data-[starting-style]:opacity-0">
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

export interface MenuItemProps {
  onSelect: () => void;
  icon?: LucideIcon;
  mark?: ReactNode;
  cap?: string | undefined;
  isDanger?: boolean;
  disabled?: boolean;
  children: ReactNode;
}

export function MenuItem({ onSelect, icon, mark, cap, isDanger = false, disabled = false, children }: MenuItemProps) {
  return (
    <Base.Item className={classNames(row, isDanger && 'text-problem')} onClick={onSelect} disabled={disabled}>
      {icon && <Icon icon={icon} className={isDanger ? '' : 'text-ink-3'} />}
      {mark}
      <span className="min-w-0 flex-1 truncate">{children}</span>
      {cap && <KeyCap cap={cap} />}
    </Base.Item>
  );
}

export interface MenuChoiceProps<T extends string> {
  label: string;
  value: T;
  choices: readonly { value: T; label: ReactNode }[];
  onChange: (value: T) => void;
}

/** One of several, marked by a tick. */
export function MenuChoice<T extends string>({ label, value, choices, onChange }: MenuChoiceProps<T>) {
  return (
    <Base.Group>
      <MenuLabel>{label}</MenuLabel>
      <Base.RadioGroup value={value} onValueChange={(next: T) => onChange(next)}>
        {choices.map((choice) => (
          <Base.RadioItem key={choice.value} value={choice.value} closeOnClick className={row}>
            <span className="min-w-0 flex-1 truncate">{choice.label}</span>
            <Base.RadioItemIndicator>
              <Icon icon={Check} className="text-accent" />
            </Base.RadioItemIndicator>
          </Base.RadioItem>
        ))}
      </Base.RadioGroup>
    </Base.Group>
  );
}

export interface MenuToggleProps {
  checked: boolean;
  onChange: (checked: boolean) => void;
  children: ReactNode;
}

export function MenuToggle({ checked, onChange, children }: MenuToggleProps) {
  return (
    <Base.CheckboxItem checked={checked} onCheckedChange={onChange} className={row}>
      <span className="min-w-0 flex-1 truncate">{children}</span>
      <Base.CheckboxItemIndicator>
        <Icon icon={Check} className="text-accent" />
      </Base.CheckboxItemIndicator>
    </Base.CheckboxItem>
  );
}

function MenuLabel({ children }: { children: ReactNode }) {
  return (
    <Base.GroupLabel className="flex h-6 items-center px-2 font-medium text-2xs text-ink-3 max-wide:text-xs">
      {children}
    </Base.GroupLabel>
  );
}

export function MenuRule() {
  return <Base.Separator className="mx-1 my-1 h-px bg-line" />;
}
