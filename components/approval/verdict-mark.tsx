/** What became of a question in one coloured word, and how long one has been waiting. */
import { formatElapsed } from '#components/ui/format.ts';
import { useNow } from '#components/ui/use-now.ts';
import { type ChipTone, WordChip } from '#components/ui/word-chip.tsx';
import type { ApprovalStatus } from '#protocol/approval.ts';

const verdicts: Readonly<Record<ApprovalStatus, { word: string; tone: ChipTone }>> = {
  pending: { word: 'Ask', tone: 'needs' },
  approved: { word: 'Allow', tone: 'done' },
  denied: { word: 'Deny', tone: 'problem' },
  withdrawn: { word: 'Withdrawn', tone: 'quiet' },
  expired: { word: 'Expired', tone: 'quiet' },
  unknown: { word: 'Unknown', tone: 'problem' },
};

export function VerdictMark({ status }: { status: ApprovalStatus }) {
  return <WordChip {...verdicts[status]} />;
}

/** How long it has been waiting; nothing until the browser knows the time. */
export function Held({ at }: { at: string }) {
  const now = useNow('fine');
  return <>{now === 0 ? '' : formatElapsed(now - Date.parse(at))}</>;
}
