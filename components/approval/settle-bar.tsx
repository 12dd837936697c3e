/** What was approved and is not known to have happened: somebody looks, and says. */
import { useState } from 'react';
import { type Approval, useTRPCClient } from '#components/api/api.ts';
import { failureOf } from '#components/api/failure.ts';
import { useConnection } from '#components/api/provider.tsx';
import { Button } from '#components/ui/button.tsx';
import { useShowDecided } from './use-inbox.ts';

/** It waits for somebody to look at it. */
export const isToBeLookedAt = ({ status, settled }: Pick<Approval, 'status' | 'settled'>): boolean =>
  status === 'unknown' && settled === null;

export function SettleBar({ approval: { id } }: { approval: Approval }) {
  const client = useTRPCClient();
  const showDecided = useShowDecided();
  const isOffline = useConnection().kind === 'offline';
  const [isPending, setPending] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const settle = async (found: 'happened' | 'not-happened') => {
    setPending(true);
    try {
      showDecided(await client.approval.settle.mutate({ id, found }));
      setFailure(null);
    } catch (cause) {
      setFailure(failureOf(cause).message);
    }
    setPending(false);
  };
  const isDisabled = isPending || isOffline;
  return (
    <div className="flex flex-col gap-2">
      {failure !== null && (
        <p role="alert" className="text-problem">
          {failure}
        </p>
      )}
      <p className="text-ink-2">
        It was approved, and its runner died before it was known whether it happened. It is not run again by itself.
      </p>
      <div className="flex flex-wrap items-center gap-2 max-wide:grid max-wide:grid-cols-2">
        <Button disabled={isDisabled} onClick={() => void settle('happened')} className="max-wide:h-12">
          It happened
        </Button>
        <Button disabled={isDisabled} onClick={() => void settle('not-happened')} className="max-wide:h-12">
          It did not
        </Button>
      </div>
    </div>
  );
}
