/** Stop, resume and end a session: the calls, whether one is under way, and what went wrong with the last. */
import { useMutation } from '@tanstack/react-query';
import { useTRPC } from '#components/api/api.ts';
import { type Failure, failureOf } from '#components/api/failure.ts';

export interface SessionActions {
  stop: () => void;
  resume: () => void;
  isPending: boolean;
  failure: Failure | null;
}

export function useSessionActions(sessionId: string): SessionActions {
  const trpc = useTRPC();
  const stop = useMutation(trpc.session.stop.mutationOptions());
  const resume = useMutation(trpc.session.resume.mutationOptions());
  const error = stop.error ?? resume.error;
  const run = (action: typeof stop | typeof resume) => () => {
    stop.reset();
    resume.reset();
    action.mutate({ session: sessionId });
  };
  return {
    stop: run(stop),
    resume: run(resume),
    isPending: stop.isPending || resume.isPending,
    failure: error ? failureOf(error) : null,
  };
}
