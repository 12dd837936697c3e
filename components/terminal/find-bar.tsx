/** Finds text in a terminal's screen and the lines above it. */
import { ChevronDown, ChevronUp, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { IconButton } from '#components/ui/button.tsx';
import { searchColours } from './theme.ts';
import type { Screen } from './xterm.ts';

export interface FindBarProps {
  screen: Screen;
  onClose: () => void;
}

export function FindBar({ screen, onClose }: FindBarProps) {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const [result, setResult] = useState({ resultIndex: -1, resultCount: 0 });
  useEffect(() => input.current?.focus(), []);
  useEffect(() => {
    const listener = screen.search.onDidChangeResults(setResult);
    return () => {
      listener.dispose();
      screen.search.clearDecorations();
    };
  }, [screen]);
  const find = (words: string, direction: 'next' | 'previous', isIncremental: boolean) => {
    const { theme = {} } = screen.terminal.options;
    const needs = getComputedStyle(document.documentElement).getPropertyValue('--needs-solid').trim();
    const options = { incremental: isIncremental, decorations: searchColours(theme, needs) };
    if (words === '') screen.search.clearDecorations();
    else if (direction === 'next') screen.search.findNext(words, options);
    else screen.search.findPrevious(words, options);
  };
  const count = text === '' ? '' : `${result.resultIndex + 1} of ${result.resultCount}`;
  return (
    <search className="absolute top-11 right-4 z-20 flex h-9 items-center gap-1 rounded-2 bg-raised pr-1 pl-3 shadow-float max-wide:inset-x-2 max-wide:top-15 max-wide:h-13">
      <input
        ref={input}
        aria-label="Find in the terminal"
        placeholder="Find"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          find(event.target.value, 'previous', true);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') find(text, event.shiftKey ? 'next' : 'previous', false);
          if (event.key === 'Escape') onClose();
        }}
        className="w-44 min-w-0 bg-transparent outline-none placeholder:text-ink-3 max-wide:flex-1 max-wide:text-base"
      />
      <span role="status" className="num min-w-14 text-right text-ink-3 text-xs">
        {count}
      </span>
      <IconButton icon={ChevronUp} label="Previous match" onClick={() => find(text, 'previous', false)} />
      <IconButton icon={ChevronDown} label="Next match" onClick={() => find(text, 'next', false)} />
      <IconButton icon={X} label="Close find" onClick={onClose} />
    </search>
  );
}
