/** The mark, and the way home. */
import Link from 'next/link';

export function Brand({ hasName = true }: { hasName?: boolean }) {
  return (
    <Link
      href="/"
      aria-label="Omnigent, all sessions"
      className="inline-flex h-8 items-center gap-2 rounded-2 font-semibold tracking-[-0.011em] max-wide:min-h-11 max-wide:min-w-8"
    >
      <span className="brand-mark" aria-hidden="true" />
      {hasName && <span className="pl-0.5 max-wide:text-[15px]">omnigent</span>}
    </Link>
  );
}
