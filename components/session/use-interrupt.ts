/** Ends the turn that runs in a session. */
import { useMutation } from '@tanstack/react-query';
import { useTRPC } from '#components/api/api.ts';
import { type Failure, failureOf } from '#components/api/failure.ts';
import type { SessionView } from './session-facts.ts';

export interface Interrupt {
  /** Null while no turn runs. */
  run: (() => void) | null;
  isPending: boolean;
  failure: Failure | null;
}

export function useInterrupt({ id, turns }: SessionView): Interrupt {
  const { mutate, isPending, error } = useMutation(useTRPC().turn.interrupt.mutationOptions());
  return {
    run: turns.turn === null ? null : () => mutate({ session: id }),
    isPending,
    failure: error && turns.turn !== null ? failureOf(error) : null,
  };
}
