/** The buttons that decide, always in the same order; what one of them asks for takes their place. */
import type { Approval } from '#components/api/api.ts';
import { Button } from '#components/ui/button.tsx';
import { isEditable, outcomeSentence } from './approval-facts.ts';
import { DenyForm, EditForm } from './decide-forms.tsx';
import { SessionForm } from './session-form.tsx';
import type { Deciding } from './use-decision.ts';

export interface DecideBarProps {
  approval: Approval;
  deciding: Deciding;
}

export function DecideBar({ approval, deciding }: DecideBarProps) {
  const { mode, setMode, failure, isOffline, isPending, isDisabled, run } = deciding;
  const form = { isDisabled, onRun: run, onCancel: () => setMode('plain') };
  const isOver = approval.status !== 'pending' && !isPending;
  return (
    <div className="flex flex-col gap-2">
      {isOver && (
        <p role="status" className="text-problem">
          {outcomeSentence(approval)} What you write is not sent.
        </p>
      )}
      {failure && !isOver && (
        <p role="alert" className="text-problem">
          {failure.message}
        </p>
      )}
      {isOffline && <p className="text-ink-3 text-xs">The server cannot be reached, so nothing can be decided now.</p>}
      {mode === 'edit' && <EditForm {...form} command={approval.command ?? ''} />}
      {mode === 'deny' && <DenyForm {...form} />}
      {mode === 'session' && <SessionForm {...form} approval={approval} />}
      {mode === 'plain' && <Buttons approval={approval} deciding={deciding} />}
    </div>
  );
}

/** On a phone Deny and Approve stand side by side below; what stands above shares its row, or has it alone. */
function Buttons({ approval, deciding: { isDisabled, setMode, run } }: DecideBarProps) {
  const canEdit = isEditable(approval);
  const canAllow = approval.demand === null;
  const above = `max-wide:h-12 ${canEdit && canAllow ? 'max-wide:col-span-2' : 'max-wide:col-span-4'}`;
  return (
    <div className="flex flex-wrap items-center gap-2 max-wide:grid max-wide:grid-cols-4">
      <Button
        variant="primary"
        cap="a"
        disabled={isDisabled}
        onClick={() => void run({ decision: 'approved' })}
        className="max-wide:order-5 max-wide:col-span-2 max-wide:h-12"
      >
        Approve
      </Button>
      {canEdit && (
        <Button cap="e" disabled={isDisabled} onClick={() => setMode('edit')} className={above}>
          Edit, then approve
        </Button>
      )}
      {canAllow && (
        <Button cap="s" disabled={isDisabled} onClick={() => setMode('session')} className={above}>
          Allow for session
        </Button>
      )}
      <span className="flex-1 max-wide:hidden" />
      <Button
        variant="danger"
        cap="d"
        disabled={isDisabled}
        onClick={() => setMode('deny')}
        className="border-line-strong! max-wide:order-4 max-wide:col-span-2 max-wide:h-12"
      >
        <span>
          Deny<span className="max-wide:hidden"> with a note</span>
        </span>
      </Button>
    </div>
  );
}
