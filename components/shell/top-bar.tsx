/** The bar on top of every page. */
import type { ReactNode } from 'react';

/** `isBusy` draws the loading line, after 300 ms, so that quick answers show nothing. */
export function TopBar({ isBusy = false, children }: { isBusy?: boolean; children: ReactNode }) {
  return (
    <header className="relative flex h-(--h-topbar) flex-none items-center gap-4 border-line border-b px-4 max-wide:gap-1 max-wide:pr-2">
      {children}
      {isBusy && (
        <div
          role="progressbar"
          aria-label="Loading"
          className="absolute inset-x-0 -bottom-px h-0.5 animate-[fade-in_1ms_300ms_both] overflow-hidden"
        >
          <div className="h-full w-1/4 animate-[line-travel_1.1s_linear_infinite] bg-accent-solid motion-reduce:w-full motion-reduce:animate-none" />
        </div>
      )}
    </header>
  );
}
