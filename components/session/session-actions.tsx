/** The buttons that change a session's life. What waits for a person comes first; ending stands apart. */
import { CirclePause, CirclePlay, CircleStop, Power } from 'lucide-react';
import dynamic from 'next/dynamic';
import { useState } from 'react';
import { useConnection } from '#components/api/provider.tsx';
import { useRefusal } from '#components/person/use-refusal.ts';
import { Button } from '#components/ui/button.tsx';
import { fetchPart } from '#components/ui/fetch-part.ts';
import { isFrozen, isResumable, isRunning, type SessionView } from './session-facts.ts';
import { useSessionActions } from './use-session-actions.ts';

const EndDialog = dynamic(() => fetchPart(() => import('./end-dialog.tsx').then((module) => module.EndDialog)), {
  ssr: false,
});

export function SessionActions({ view }: { view: SessionView }) {
  const actions = useSessionActions(view.id);
  const [isEnding, setEnding] = useState(false);
  const isOffline = useConnection().kind === 'offline';
  const refusal = useRefusal('editor');
  const noEnd = useRefusal('owner');
  const disabled = actions.isDisabled || refusal !== null;
  const why = isOffline ? 'Not while offline' : (refusal ?? undefined);
  return (
    <>
      {actions.failure && (
        <span role="alert" className="min-w-0 truncate text-problem text-xs" title={actions.failure.message}>
          {actions.failure.message}
        </span>
      )}
      {isResumable(view) && (
        <Button variant="primary" icon={CirclePlay} onClick={actions.resume} disabled={disabled} title={why}>
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
        <Button
          variant="danger"
          icon={Power}
          onClick={() => setEnding(true)}
          disabled={disabled || noEnd !== null}
          title={why ?? noEnd ?? undefined}
        >
          End
        </Button>
      )}
      {isEnding && <EndDialog view={view} onClose={() => setEnding(false)} />}
    </>
  );
}
