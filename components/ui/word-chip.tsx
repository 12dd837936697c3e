/** One coloured word on its tint: what became of something, or would. */
import { classNames } from './class-name.ts';

export type ChipTone = 'done' | 'needs' | 'problem' | 'quiet' | 'outlined';

const tones: Readonly<Record<ChipTone, string>> = {
  done: 'bg-done-tint text-done',
  needs: 'bg-needs-tint text-needs',
  problem: 'bg-problem-tint text-problem',
  quiet: 'bg-active text-ink-2',
  outlined: 'border border-line text-ink-2',
};

export function WordChip({ tone, word }: { tone: ChipTone; word: string }) {
  return (
    <span
      className={classNames(
        'inline-flex h-[18px] flex-none items-center rounded-1 px-1.5 font-medium text-xs',
        tones[tone],
      )}
    >
      {word}
    </span>
  );
}
