/** Keys that a phone's keyboard lacks. They never take the focus, so that the keyboard stays open. */
import { ArrowDown, ArrowLeft, ArrowRight, ArrowUp, ClipboardPaste, type LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { Icon } from '#components/ui/icon.tsx';

export interface KeyRowProps {
  /** Control is held for the next key. */
  isControl: boolean;
  onControl: () => void;
  onKey: (sequence: string) => void;
  onPaste: () => void;
}

/** What a terminal in its normal cursor mode sends. */
const keys: readonly { name: string; sequence: string; icon?: LucideIcon }[] = [
  { name: 'Esc', sequence: '\x1b' },
  { name: 'Tab', sequence: '\t' },
  { name: 'Left', sequence: '\x1b[D', icon: ArrowLeft },
  { name: 'Down', sequence: '\x1b[B', icon: ArrowDown },
  { name: 'Up', sequence: '\x1b[A', icon: ArrowUp },
  { name: 'Right', sequence: '\x1b[C', icon: ArrowRight },
];

function Key({
  label,
  onPress,
  isPressed,
  children,
}: {
  label: string;
  onPress: () => void;
  isPressed?: boolean;
  children: ReactNode;
}) {
  return (
    <button
      type="button"
      aria-label={label}
      aria-pressed={isPressed}
      onPointerDown={(event) => event.preventDefault()}
      onClick={onPress}
      className="inline-flex h-11 min-w-11 flex-1 items-center justify-center text-ink-2 text-xs active:bg-active aria-pressed:bg-accent-tint aria-pressed:text-accent"
    >
      {children}
    </button>
  );
}

export function KeyRow({ isControl, onControl, onKey, onPaste }: KeyRowProps) {
  const [escapeKey, tabKey, ...arrowKeys] = keys.map((key) => (
    <Key key={key.name} label={key.name} onPress={() => onKey(key.sequence)}>
      {key.icon ? <Icon icon={key.icon} size={18} /> : key.name}
    </Key>
  ));
  return (
    <div role="toolbar" aria-label="Terminal keys" className="flex flex-none items-stretch border-line border-t bg-bg">
      {escapeKey}
      {tabKey}
      <Key label="Ctrl" onPress={onControl} isPressed={isControl}>
        Ctrl
      </Key>
      {arrowKeys}
      <Key label="Paste" onPress={onPaste}>
        <Icon icon={ClipboardPaste} size={18} />
      </Key>
    </div>
  );
}
