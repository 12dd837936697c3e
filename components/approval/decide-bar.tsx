/** The buttons that decide, always in the same order; what one of them asks for takes their place. */
import type { Approval } from '#components/api/api.ts';
import { Button } from '#components/ui/button.tsx';
import { DenyForm, EditForm } from './decide-forms.tsx';
import { SessionForm } from './session-form.tsx';
import type { Deciding } from './use-decision.ts';

export interface DecideBarProps {
  approval: Approval;
  deciding: Deciding;
}

export function DecideBar({ approval, deciding }: DecideBarProps) {
  const { mode, setMode, failure, isOffline, isDisabled, run } = deciding;
  const form = { isDisabled, onRun: run, onCancel: () => setMode('plain') };
  return (
    <div className="flex flex-col gap-2">
      {failure && (
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

/** A second click of a double click would decide the question that has taken the place of the first. */
const once = (run: () => void) => (event: React.MouseEvent) => event.detail <= 1 && run();

function Approve({ deciding: { isDisabled, run } }: Pick<DecideBarProps, 'deciding'>) {
  return (
    <Button
      variant="primary"
      cap="a"
      disabled={isDisabled}
      onClick={once(() => void run({ decision: 'approved' }))}
      className="max-wide:order-5 max-wide:col-span-2 max-wide:h-12"
    >
      Approve
    </Button>
  );
}

function Buttons({ approval, deciding }: DecideBarProps) {
  const { isDisabled, setMode } = deciding;
  return (
    <div className="flex flex-wrap items-center gap-2 max-wide:grid max-wide:grid-cols-4">
      <Approve deciding={deciding} />
      {approval.command !== null && (approval.demand?.quorum ?? 1) === 1 && (
        <Button
          cap="e"
          disabled={isDisabled}
          onClick={once(() => setMode('edit'))}
          className="max-wide:col-span-2 max-wide:h-12"
        >
          Edit, then approve
        </Button>
      )}
      {approval.demand === null && (
        <Button
          cap="s"
          disabled={isDisabled}
          onClick={once(() => setMode('session'))}
          className={`max-wide:h-12 ${approval.command === null ? 'max-wide:col-span-4' : 'max-wide:col-span-2'}`}
        >
          Allow for session
        </Button>
      )}
      <span className="flex-1 max-wide:hidden" />
      <Button
        variant="danger"
        cap="d"
        disabled={isDisabled}
        onClick={once(() => setMode('deny'))}
        className="border-line-strong! max-wide:order-4 max-wide:col-span-2 max-wide:h-12"
      >
        <span>
          Deny<span className="max-wide:hidden"> with a note</span>
        </span>
      </Button>
    </div>
  );
}
