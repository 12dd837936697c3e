/** The buttons that change a session's life. What waits for a person comes first; ending stands apart. */
import { CirclePause, CirclePlay, CircleStop, Power } from 'lucide-react';
import dynamic from 'next/dynamic';
import { useState } from 'react';
import { useConnection } from '#components/api/provider.tsx';
import { Button } from '#components/ui/button.tsx';
import { fetchPart } from '#components/ui/fetch-part.ts';
import { isFrozen, isResumable, isRunning, type SessionView } from './session-facts.ts';
import { useSessionActions } from './use-session-actions.ts';

const EndDialog = dynamic(() => fetchPart(() => import('./end-dialog.tsx').then((module) => module.EndDialog)), {
  ssr: false,
});

export interface SessionActionsProps {
  view: SessionView;
  /** False where the same page offers to resume in a more prominent place. */
  isMain?: boolean;
}

export function SessionActions({ view, isMain = true }: SessionActionsProps) {
  const actions = useSessionActions(view.id);
  const [isEnding, setEnding] = useState(false);
  const isOffline = useConnection().kind === 'offline';
  const disabled = actions.isDisabled;
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
          variant={isMain ? 'primary' : 'plain'}
          icon={CirclePlay}
          onClick={actions.resume}
          disabled={disabled}
          title={why}
        >
          {view.status === 'failed' ? 'Retry' : 'Resume'}
        </Button>
      )}
      {isRunning(view) && !isFrozen(view) && (
        <Button
          icon={CirclePause}
          onClick={actions.pause}
          disabled={disabled}
          title={why ?? 'Everything in it stands still until it is resumed'}
        >
          Pause
        </Button>
      )}
      {(isRunning(view) || isFrozen(view)) && (
        <Button icon={CircleStop} onClick={actions.stop} disabled={disabled} title={why}>
          Stop
        </Button>
      )}
      {view.status !== 'ended' && (
        <Button variant="danger" icon={Power} onClick={() => setEnding(true)} disabled={disabled} title={why}>
          End
        </Button>
      )}
      {isEnding && <EndDialog view={view} onClose={() => setEnding(false)} />}
    </>
  );
}
