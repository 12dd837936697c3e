/** Decides several questions at once; each is decided by itself, and what failed stays and is told. */
import { useState } from 'react';
import type { Approval } from '#components/api/api.ts';
import { Button } from '#components/ui/button.tsx';
import { formatNoun } from '#components/ui/format.ts';
import { type Decision, useDecide } from './use-inbox.ts';

export function BatchBar({ approvals, onDone }: { approvals: readonly Approval[]; onDone: () => void }) {
  const decide = useDecide();
  const [failed, setFailed] = useState(0);
  const run = async (decision: Decision) => {
    let wrong = 0;
    for (const approval of approvals) if ((await decide.run(approval, decision)) !== null) wrong += 1;
    setFailed(wrong);
    if (wrong === 0) onDone();
  };
  return (
    <div className="flex flex-none flex-wrap items-center gap-2 border-line border-t bg-bg px-4 py-2.5">
      <span className="num flex-1 text-ink-2">{formatNoun(approvals.length, 'question')} selected</span>
      {failed > 0 && (
        <span role="alert" className="text-problem text-xs">
          {failed} not decided
        </span>
      )}
      <Button disabled={decide.isPending} onClick={() => void run({ decision: 'approved' })}>
        Approve {approvals.length}
      </Button>
      <Button
        variant="danger"
        disabled={decide.isPending}
        onClick={() => void run({ decision: 'denied', note: 'denied together with others' })}
      >
        Deny {approvals.length}
      </Button>
      <Button variant="quiet" onClick={onDone}>
        Clear
      </Button>
    </div>
  );
}
