/** The one button: plain, primary, quiet or dangerous, with an optional icon and key cap. */
import type { LucideIcon } from 'lucide-react';
import type { ComponentProps } from 'react';
import { classNames } from './class-name.ts';
import { Icon } from './icon.tsx';
import { KeyCap } from './key-cap.tsx';

export type ButtonVariant = 'plain' | 'primary' | 'quiet' | 'danger';

export interface ButtonProps extends ComponentProps<'button'> {
  variant?: ButtonVariant;
  /** `small` is 24 px high in bars; on a phone both are 44 px or more. */
  size?: 'normal' | 'small';
  icon?: LucideIcon;
  /** Key that does the same, in this machine's words. */
  cap?: string | undefined;
}

const variants: Record<ButtonVariant, string> = {
  plain: 'border-line-strong bg-raised hover:bg-hover active:bg-active',
  primary: 'border-accent-solid bg-accent-solid text-on-accent hover:brightness-105 active:brightness-95',
  quiet: 'border-transparent text-ink-2 hover:bg-hover hover:text-ink active:bg-active',
  danger: 'border-transparent text-problem hover:bg-problem-tint active:bg-problem-tint',
};

/** Shape and colours of a button, for elements that are one by role. */
export const buttonClass = (variant: ButtonVariant, size: 'normal' | 'small' = 'normal'): string =>
  classNames(
    'inline-flex flex-none select-none items-center justify-center gap-2 whitespace-nowrap rounded-2 border font-medium transition-colors duration-(--fast) disabled:cursor-not-allowed disabled:opacity-50',
    size === 'small'
      ? 'h-6 px-2 text-xs max-wide:h-11 max-wide:px-3 max-wide:text-sm'
      : 'h-(--h-control) px-2.5 max-wide:px-4',
    variants[variant],
  );

export function Button({ variant = 'plain', size = 'normal', icon, cap, className, children, ...props }: ButtonProps) {
  return (
    <button type="button" {...props} className={classNames(buttonClass(variant, size), className)}>
      {icon && <Icon icon={icon} />}
      {children}
      {cap && (
        // What it does is its name; the key is for eyes.
        <span aria-hidden="true" className="contents">
          <KeyCap cap={cap} />
        </span>
      )}
    </button>
  );
}

/** A square button with an icon only; `label` is its name. */
export function IconButton({
  icon,
  label,
  className,
  iconSize = 14,
  ...props
}: Omit<ComponentProps<'button'>, 'aria-label'> & { icon: LucideIcon; label: string; iconSize?: number }) {
  return (
    <button
      type="button"
      title={label}
      {...props}
      aria-label={label}
      className={classNames(
        'inline-flex size-6 flex-none items-center justify-center rounded-2 text-ink-3 transition-colors duration-(--fast) hover:bg-hover hover:text-ink disabled:cursor-not-allowed disabled:opacity-50 max-wide:size-11',
        className,
      )}
    >
      <Icon icon={icon} size={iconSize} />
    </button>
  );
}
