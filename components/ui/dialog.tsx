/** A modal dialog in the middle of the page, or a sheet from below on a phone. */
import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import type { ReactNode, RefObject } from 'react';
import { IconButton } from './button.tsx';

export interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  description?: ReactNode;
  /** Width on a wide screen, px. */
  width?: number;
  /** What gets the focus first; the first field or button otherwise. */
  initialFocus?: RefObject<HTMLElement | null>;
  children: ReactNode;
}

const backdrop =
  'fixed inset-0 z-40 bg-well/60 transition-opacity duration-(--move) data-[ending-style]:opacity-0 data-[starting-style]:opacity-0';
const popup =
  'fixed z-50 flex max-h-[min(720px,calc(100dvh-48px))] flex-col overflow-hidden bg-surface shadow-float outline-none transition-[opacity,translate] duration-(--move) ease-(--ease-out) data-[ending-style]:opacity-0 data-[starting-style]:opacity-0 wide:top-[14vh] wide:left-1/2 wide:w-(--dialog-width) wide:max-w-[calc(100vw-32px)] wide:-translate-x-1/2 wide:rounded-3 wide:data-[starting-style]:-translate-y-1 max-wide:inset-x-0 max-wide:bottom-0 max-wide:rounded-t-3 max-wide:data-[starting-style]:translate-y-4';

export function Dialog({ open, onClose, title, description, width = 520, initialFocus, children }: DialogProps) {
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={backdrop} />
        <Base.Popup
          className={popup}
          style={{ '--dialog-width': `${width}px` } as React.CSSProperties}
          {...(initialFocus && { initialFocus })}
        >
          <header className="flex items-start gap-3 px-5 pt-4 pb-1 max-wide:px-4">
            <div className="min-w-0 flex-1">
              <Base.Title className="font-medium text-lg leading-6 tracking-[-0.011em]">{title}</Base.Title>
              {description && <Base.Description className="mt-1 text-ink-2">{description}</Base.Description>}
            </div>
            <Base.Close render={<IconButton icon={X} label="Close" className="-mr-1.5 max-wide:-mt-2" />} />
          </header>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

/** The scrolling part of a dialog. */
export function DialogBody({ children }: { children: ReactNode }) {
  return <div className="flex min-h-0 flex-col gap-4 overflow-y-auto px-5 py-3 max-wide:px-4">{children}</div>;
}

/** The row of actions at a dialog's end; the primary one comes last. */
export function DialogActions({ children }: { children: ReactNode }) {
  return (
    <footer className="mt-1 flex items-center gap-2 border-line border-t bg-bg px-5 py-3 max-wide:px-4 max-wide:pb-6 max-wide:*:flex-1">
      {children}
    </footer>
  );
}
