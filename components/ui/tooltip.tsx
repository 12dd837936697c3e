/** A word about a mark, on hover and focus. Never the only place where something is said. */
import { Tooltip as Base } from '@base-ui/react/tooltip';
import type { ReactElement, ReactNode } from 'react';

export function Tooltip({ words, children }: { words: ReactNode; children: ReactElement }) {
  return (
    <Base.Root>
      <Base.Trigger render={children} delay={350} />
      <Base.Portal>
        <Base.Positioner className="z-50" sideOffset={6} collisionPadding={8}>
          <Base.Popup className="rounded-2 bg-raised px-2 py-1 text-ink text-xs shadow-float">{words}</Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
