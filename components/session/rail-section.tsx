/** One part of the right rail, with its title and what is to be said beside it. */
import type { ReactNode } from 'react';

export function RailSection({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <section className="border-line border-b px-4 pt-2 pb-3 last:border-b-0">
      <header className="flex h-6 items-center">
        <h2 className="flex-1 font-medium text-2xs text-ink-3 max-wide:text-xs">{title}</h2>
        {aside && <span className="num text-ink-3 text-xs">{aside}</span>}
      </header>
      {children}
    </section>
  );
}
