/** A field of several lines that grows by hand; who uses it gives it its name. */
import type { ComponentProps } from 'react';
import { classNames } from './class-name.ts';

export function TextArea({
  isMono = false,
  className,
  ...props
}: ComponentProps<'textarea'> & {
  /** Commands and rules: as they are, and nobody corrects them. */ isMono?: boolean;
}) {
  return (
    <textarea
      {...props}
      {...(isMono && { spellCheck: false })}
      className={classNames(
        'w-full resize-y rounded-2 border border-control-line bg-well px-2.5 py-1.5 outline-none placeholder:text-ink-3 focus-visible:outline-(--focus) aria-invalid:border-problem-solid max-wide:text-base',
        isMono && 'mono',
        className,
      )}
    />
  );
}
