/** Programs are square: two letters of a terminal's name, dimmed when it is closed. */
import { classNames } from '#components/ui/class-name.ts';

export function TerminalMark({ name, isClosed = false }: { name: string; isClosed?: boolean }) {
  const letters = name.replace(/[^\p{L}\p{N}]/gu, '').slice(0, 2) || name.slice(0, 2);
  return (
    <span
      aria-hidden="true"
      className={classNames(
        'inline-flex size-[18px] flex-none select-none items-center justify-center rounded-1 border border-line-strong bg-surface font-medium font-mono text-[9.5px] uppercase leading-none tracking-normal',
        isClosed ? 'border-line text-ink-3' : 'text-ink-2',
      )}
    >
      {letters}
    </span>
  );
}
