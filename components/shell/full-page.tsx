/** Pages that stand for another one: nothing there, or it broke. Calm, with one way on. */
'use client';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { Button, buttonClass } from '#components/ui/button.tsx';
import { DocumentTitle } from '#components/ui/document-title.tsx';
import { Notice, type NoticeProps } from '#components/ui/notice.tsx';

export interface FullPageProps {
  tone: NoticeProps['tone'];
  title: string;
  children: ReactNode;
  action?: ReactNode;
}

export function FullPage({ tone, title, children, action }: FullPageProps) {
  return (
    <main className="flex min-h-0 flex-1 flex-col items-start justify-center gap-8 bg-surface px-[max(16px,calc(50vw-240px))] pb-[18vh]">
      <DocumentTitle name={title} />
      <span className="inline-flex items-center gap-2 font-semibold tracking-[-0.011em]">
        <span className="brand-mark [box-shadow:none]" aria-hidden="true" />
        <span className="pl-0.5">omnigent</span>
      </span>
      <h1 className="sr-only">{title}</h1>
      <Notice tone={tone} title={title} action={action} className="text-md">
        {children}
      </Notice>
    </main>
  );
}

export function NotFound() {
  return (
    <FullPage
      tone="quiet"
      title="Nothing is here"
      action={
        <Link href="/" className={buttonClass('primary')}>
          All sessions
        </Link>
      }
    >
      The address may be mistyped, or it names a session that you may not see.
    </FullPage>
  );
}

export function BrokenPage({ error, onRetry }: { error: Error & { digest?: string }; onRetry: () => void }) {
  return (
    <FullPage
      tone="problem"
      title="This page broke"
      action={
        <>
          <Button variant="primary" onClick={onRetry}>
            Retry
          </Button>
          <Link href="/" className={buttonClass('plain')}>
            All sessions
          </Link>
        </>
      }
    >
      Sessions go on without it; nothing is lost.{' '}
      {error.digest ? `The server’s log knows it as ${error.digest}.` : error.message}
    </FullPage>
  );
}
