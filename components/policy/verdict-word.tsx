/** A verdict as its coloured word: allow is green, ask waits for a person, deny stops. */
import { capitalise } from '#components/ui/format.ts';
import { type ChipTone, WordChip } from '#components/ui/word-chip.tsx';

const tones: Readonly<Record<string, ChipTone>> = { allow: 'done', ask: 'needs', deny: 'problem' };

/** `isQuiet`: it does not count, or not any more. */
export function VerdictWord({ verdict, isQuiet = false }: { verdict: string; isQuiet?: boolean }) {
  return <WordChip tone={isQuiet ? 'outlined' : (tones[verdict] ?? 'quiet')} word={capitalise(verdict)} />;
}
