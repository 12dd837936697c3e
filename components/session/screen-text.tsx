/** A terminal's screen as text, scaled to the width it is given; refreshed at most twice a second while it is seen. */
import { useQuery } from '@tanstack/react-query';
import { type CSSProperties, useEffect, useRef, useState } from 'react';
import { useTRPC } from '#components/api/api.ts';
import { classNames } from '#components/ui/class-name.ts';
import { isOpenTerminal, type SessionView, type TerminalView } from './session-facts.ts';

const freshMs = 500;
/** A screen that did not change is asked for less often. */
const restingMs = 2_000;
/** Width of a Geist Mono cell as a part of its font size. */
const cellWidth = 0.6;
const lineHeight = 1.35;

/** Rows of a 16 to 10 tile per column: its height in lines of 1.35 over its width in cells. */
const tileRows = (cellWidth * 0.6) / lineHeight;

/** The terminal to show for a session: its newest open one, else the one that closed last. */
export const shownTerminal = (view: SessionView): TerminalView | undefined =>
  view.terminals.findLast(isOpenTerminal) ?? view.terminals.at(-1);

function useIsSeen(): [React.RefObject<HTMLDivElement | null>, boolean] {
  const element = useRef<HTMLDivElement>(null);
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    if (!element.current) return;
    const observer = new IntersectionObserver(([entry]) => setSeen(entry?.isIntersecting ?? false));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return [element, isSeen];
}

export interface ScreenTextProps {
  view: SessionView;
  terminal: TerminalView;
  /** How many of the last rows to show: a number, or as many as a tile of 16 to 10 holds. */
  fit: number | 'tile';
  className?: string;
}

export function ScreenText({ view, terminal, fit, className }: ScreenTextProps) {
  const [element, isSeen] = useIsSeen();
  const isLive = terminal.closed === null && view.status !== 'unreachable';
  const [isResting, setResting] = useState(false);
  const { data, error } = useQuery(
    useTRPC().terminal.screen.queryOptions(
      { session: view.id, terminalId: terminal.terminalId },
      {
        enabled: isSeen,
        retry: false,
        gcTime: 30_000,
        refetchInterval: isLive && isSeen && (isResting ? restingMs : freshMs),
      },
    ),
  );
  const offset = data?.offset;
  const last = useRef<number | undefined>(undefined);
  useEffect(() => {
    setResting(offset !== undefined && offset === last.current);
    last.current = offset;
  });
  const lines = data?.lines ?? [];
  const used = lines.slice(
    0,
    Math.max(lines.findLastIndex((line) => line.trim() !== '') + 1, (data?.cursor.y ?? 0) + 1),
  );
  const rows = fit === 'tile' ? Math.floor((data?.cols ?? 80) * tileRows) : fit;
  const shown = used.slice(-rows);
  return (
    <div ref={element} className={classNames('@container overflow-hidden bg-well', className)}>
      {error && !data ? (
        <p className="p-2 text-ink-3 text-xs">Screen not loaded</p>
      ) : (
        <pre
          role="img"
          aria-label={`Screen of ${terminal.name}`}
          style={{ '--cell': (data?.cols ?? 80) * cellWidth } as CSSProperties}
          className="whitespace-pre font-mono text-[length:min(var(--mono-sm),calc(100cqw/var(--cell)))] leading-[1.35] tracking-normal [font-feature-settings:'liga'_0]"
        >
          {shown.join('\n')}
        </pre>
      )}
    </div>
  );
}
