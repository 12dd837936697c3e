/** A line between two panes that can be dragged, or moved with the arrow keys. */
import { type KeyboardEvent, type PointerEvent, useRef } from 'react';

export interface SplitterProps {
  label: string;
  /** Width of the pane it belongs to, px. */
  width: number;
  least: number;
  most: number;
  /** Which side of the line the pane is on. */
  side: 'left' | 'right';
  onChange: (width: number) => void;
  onReset: () => void;
}

const keyStep = 16;

export function Splitter({ label, width, least, most, side, onChange, onReset }: SplitterProps) {
  const start = useRef<{ x: number; width: number } | null>(null);
  const sign = side === 'left' ? 1 : -1;
  const move = (to: number) => onChange(Math.min(most, Math.max(least, Math.round(to))));
  const onPointerDown = (event: PointerEvent<HTMLDivElement>) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    start.current = { x: event.clientX, width };
  };
  const onPointerMove = (event: PointerEvent<HTMLDivElement>) => {
    if (start.current) move(start.current.width + sign * (event.clientX - start.current.x));
  };
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const step = { ArrowLeft: -keyStep, ArrowRight: keyStep }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    move(width + sign * step);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule that moves is a separator with a value, not an hr
    <div
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={width}
      aria-valuemin={least}
      aria-valuemax={most}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={() => {
        start.current = null;
      }}
      onDoubleClick={onReset}
      onKeyDown={onKeyDown}
      className="group relative z-10 w-px flex-none cursor-col-resize touch-none bg-line outline-none before:absolute before:inset-y-0 before:-left-1 before:w-[9px]"
    >
      <span className="absolute inset-y-0 left-0 w-px bg-accent-solid opacity-0 transition-opacity duration-(--fast) group-hover:opacity-60 group-focus-visible:opacity-100" />
    </div>
  );
}
