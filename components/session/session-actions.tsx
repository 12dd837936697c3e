/** The buttons that change a session's life. What waits for a person comes first; ending stands apart. */
import { CirclePlay, CircleStop, Power } from 'lucide-react';
import { useState } from 'react';
import { useConnection } from '#components/api/provider.tsx';
import { Button } from '#components/ui/button.tsx';
import { EndDialog } from './end-dialog.tsx';
import { isResumable, isRunning, type SessionView } from './session-facts.ts';
import { useSessionActions } from './use-session-actions.ts';

export interface SessionActionsProps {
  view: SessionView;
  /** In a bar the words are short and the failure is shown as a tooltip-free line beside them. */
  size?: 'normal' | 'small';
}

export function SessionActions({ view, size = 'normal' }: SessionActionsProps) {
  const actions = useSessionActions(view.id);
  const [isEnding, setEnding] = useState(false);
  const isOffline = useConnection().kind === 'offline';
  const disabled = actions.isPending || isOffline;
  const why = isOffline ? 'Not while offline' : undefined;
  return (
    <>
      {actions.failure && (
        <span role="alert" className="min-w-0 truncate text-problem text-xs" title={actions.failure.message}>
          {actions.failure.message}
        </span>
      )}
      {isResumable(view) && (
        <Button
          variant="primary"
          size={size}
          icon={CirclePlay}
          onClick={actions.resume}
          disabled={disabled}
          title={why}
        >
          {view.status === 'failed' ? 'Retry' : 'Resume'}
        </Button>
      )}
      {isRunning(view) && (
        <Button size={size} icon={CircleStop} onClick={actions.stop} disabled={disabled} title={why}>
          Stop
        </Button>
      )}
      {view.status !== 'ended' && (
        <Button
          size={size}
          variant="danger"
          icon={Power}
          onClick={() => setEnding(true)}
          disabled={disabled}
          title={why}
        >
          End
        </Button>
      )}
      {isEnding && <EndDialog view={view} onClose={() => setEnding(false)} />}
    </>
  );
}
