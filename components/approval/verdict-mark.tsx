/** What became of a question in one coloured word, and how long one has been waiting. */
import { formatDuration } from '#components/ui/format.ts';
import { useNow } from '#components/ui/use-now.ts';
import type { ApprovalStatus } from '#protocol/approval.ts';

const verdicts: Readonly<Record<ApprovalStatus, { word: string; tone: string }>> = {
  pending: { word: 'Ask', tone: 'bg-needs-tint text-needs' },
  approved: { word: 'Allow', tone: 'bg-done-tint text-done' },
  denied: { word: 'Deny', tone: 'bg-problem-tint text-problem' },
  withdrawn: { word: 'Withdrawn', tone: 'bg-active text-ink-2' },
  expired: { word: 'Expired', tone: 'bg-active text-ink-2' },
  unknown: { word: 'Unknown', tone: 'bg-problem-tint text-problem' },
};

export function VerdictMark({ status }: { status: ApprovalStatus }) {
  const { word, tone } = verdicts[status];
  return (
    <span className={`inline-flex h-[18px] flex-none items-center rounded-1 px-1.5 font-medium text-xs ${tone}`}>
      {word}
    </span>
  );
}

/** How long it has been waiting; nothing until the browser knows the time. */
export function Held({ at }: { at: string }) {
  const now = useNow('fine');
  return <>{now === 0 ? '' : formatDuration(Math.max(0, now - Date.parse(at)))}</>;
}
