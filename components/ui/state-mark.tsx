/** The mark of a need: one shape each, silent, because words stand beside it. */
import { classNames } from './class-name.ts';

export type MarkShape = 'needs' | 'working' | 'idle' | 'done' | 'problem';

export function StateMark({ shape, className }: { shape: MarkShape; className?: string }) {
  return <span aria-hidden="true" className={classNames('mark', `mark-${shape}`, className)} />;
}
