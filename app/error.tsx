/** A page that broke while it was drawn. */
'use client';
import { BrokenPage } from '#components/shell/full-page.tsx';

export default function ErrorPage({ error, retry }: { error: Error & { digest?: string }; retry: () => void }) {
  return <BrokenPage error={error} onRetry={retry} />;
}
