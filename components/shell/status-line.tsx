/** The line at the bottom: is it live, where is it, which keys work here. Hidden on a phone. */
import { Fragment, type ReactNode, useSyncExternalStore } from 'react';
import { KeyCap } from '#components/ui/key-cap.tsx';
import { useIsMac } from '#components/ui/use-media.ts';
import { ConnectionNote } from './connection-note.tsx';
import { localCap } from './shortcut.ts';

export interface KeyHint {
  caps: readonly string[];
  does: string;
}

const never = () => () => undefined;

/** The host this page came from. */
function useHost(): string {
  return useSyncExternalStore(
    never,
    () => location.host,
    () => '',
  );
}

export function StatusLine({ hints, children }: { hints: readonly KeyHint[]; children?: ReactNode }) {
  const isMac = useIsMac();
  const host = useHost();
  return (
    <footer className="flex h-(--h-status) flex-none items-center gap-4 overflow-hidden whitespace-nowrap border-line border-t px-4 text-2xs text-ink-3 max-wide:hidden">
      <ConnectionNote />
      <span>{host}</span>
      {children}
      <span className="flex-1" />
      {hints.map((hint) => (
        <span key={hint.does} className="inline-flex items-center gap-1.5 touch:hidden">
          {hint.caps.map((cap) => (
            <Fragment key={cap}>
              <KeyCap cap={localCap(cap, isMac)} />
            </Fragment>
          ))}
          {hint.does}
        </span>
      ))}
    </footer>
  );
}
