/** A verdict as its coloured word: allow is green, ask waits for a person, deny stops. */
import { classNames } from '#components/ui/class-name.ts';
import { capitalise } from '#components/ui/format.ts';

const tones: Readonly<Record<string, string>> = {
  allow: 'bg-done-tint text-done',
  ask: 'bg-needs-tint text-needs',
  deny: 'bg-problem-tint text-problem',
};

/** `isQuiet`: it does not count, or not any more. */
export function VerdictWord({ verdict, isQuiet = false }: { verdict: string; isQuiet?: boolean }) {
  return (
    <span
      className={classNames(
        'inline-flex h-[18px] flex-none items-center rounded-1 px-1.5 font-medium text-xs',
        isQuiet ? 'border border-line text-ink-2' : (tones[verdict] ?? 'bg-active text-ink-2'),
      )}
    >
      {capitalise(verdict)}
    </span>
  );
}
