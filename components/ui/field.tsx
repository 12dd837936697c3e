/** A labelled input with its help and, in the same place, what is wrong with it. */
import { type ComponentProps, type ReactNode, useId } from 'react';
import { classNames } from './class-name.ts';

export interface FieldProps extends Omit<ComponentProps<'input'>, 'id' | 'children'> {
  label: string;
  help?: ReactNode;
  /** Says what is wrong and how to fix it; null when nothing is. */
  problem?: string | null;
  isMono?: boolean;
}

const inputClass =
  'h-8 w-full rounded-2 border border-control-line bg-well px-2.5 outline-none placeholder:text-ink-3 focus-visible:outline-(--focus) focus-visible:outline-offset-0 max-wide:h-12 max-wide:text-base';

export function Field({ label, help, problem = null, isMono = false, className, ...props }: FieldProps) {
  const id = useId();
  const note = problem ?? help;
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <input
        {...props}
        id={id}
        aria-invalid={problem !== null}
        aria-describedby={note ? `${id}-note` : undefined}
        className={classNames(inputClass, isMono && 'mono', problem !== null && 'border-problem-solid', className)}
      />
      {note && (
        <p
          id={`${id}-note`}
          role={problem === null ? undefined : 'alert'}
          className={classNames('text-xs', problem === null ? 'text-ink-3' : 'text-problem')}
        >
          {note}
        </p>
      )}
    </div>
  );
}
