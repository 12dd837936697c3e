/** Something went wrong, in the place where it did: what failed, what is safe, one action. */
import type { ReactNode } from 'react';
import { classNames } from './class-name.ts';

export interface NoticeProps {
  tone: 'problem' | 'needs' | 'quiet';
  title: ReactNode;
  /** What is safe and what to do, one or two sentences. */
  children?: ReactNode;
  action?: ReactNode;
  className?: string;
}

const marks = { problem: 'mark-problem', needs: 'mark-needs', quiet: 'mark-idle' };

export function Notice({ tone, title, children, action, className }: NoticeProps) {
  return (
    <div role={tone === 'problem' ? 'alert' : 'status'} className={classNames('flex items-start gap-3', className)}>
      <span className={`mark mt-1 ${marks[tone]}`} aria-hidden="true" />
      <div className="min-w-0 flex-1">
        <p className="font-medium">{title}</p>
        {children && <p className="mt-0.5 max-w-[64ch] text-ink-2">{children}</p>}
        {action && <div className="mt-3 flex flex-wrap gap-2">{action}</div>}
      </div>
    </div>
  );
}
