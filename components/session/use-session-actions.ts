/** Pause, stop, resume and end a session: the calls, whether one can be made now, and what went wrong with the last. */
import { useMutation } from '@tanstack/react-query';
import { useTRPC } from '#components/api/api.ts';
import { type Failure, failureOf } from '#components/api/failure.ts';
import { useConnection } from '#components/api/provider.tsx';

export interface SessionActions {
  pause: () => void;
  stop: () => void;
  resume: () => void;
  /** One is under way, or nobody can be asked. */
  isDisabled: boolean;
  failure: Failure | null;
}

/** `onDone` is called when one of them was done. */
export function useSessionActions(sessionId: string, onDone: () => void = () => undefined): SessionActions {
  const trpc = useTRPC();
  const pause = useMutation(trpc.session.pause.mutationOptions());
  const stop = useMutation(trpc.session.stop.mutationOptions());
  const resume = useMutation(trpc.session.resume.mutationOptions());
  const isOffline = useConnection().kind === 'offline';
  const error = pause.error ?? stop.error ?? resume.error;
  const run = (action: typeof pause | typeof stop | typeof resume) => () => {
    for (const each of [pause, stop, resume]) each.reset();
    action.mutate({ session: sessionId }, { onSuccess: onDone });
  };
  return {
    pause: run(pause),
    stop: run(stop),
    resume: run(resume),
    isDisabled: isOffline || pause.isPending || stop.isPending || resume.isPending,
    failure: error ? failureOf(error) : null,
  };
}
