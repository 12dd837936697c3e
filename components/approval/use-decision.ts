/** Decides a question: by its buttons and by keys alike. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type Approval, useTRPC, useTRPCClient } from '#components/api/api.ts';
import { type Failure, failureOf } from '#components/api/failure.ts';
import { useConnection } from '#components/api/provider.tsx';
import type { Scope } from '#components/shell/shortcut.ts';
import { useShortcuts } from '#components/shell/use-shortcuts.ts';
import { useShowDecided } from './use-inbox.ts';

export interface Decision {
  decision: 'approved' | 'denied';
  note?: string;
  edit?: string;
  forSession?: boolean;
}

/** What the buttons ask for: nothing more, another command, a note, or whether the session is meant. */
export type Mode = 'plain' | 'edit' | 'deny' | 'session';

/** One call; resolves to why it was not decided, or null. What was decided is shown, and what somebody else did is read. */
export function useDecide(): (approval: Approval, decision: Decision) => Promise<Failure | null> {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const queries = useQueryClient();
  const showDecided = useShowDecided();
  return async ({ id, hash }, { decision, note = null, edit = null, forSession = false }) => {
    try {
      showDecided(await client.approval.decide.mutate({ id, hash, decision, note, edit, forSession }));
      return null;
    } catch (cause) {
      void queries.invalidateQueries(trpc.approval.get.queryFilter({ id }));
      return failureOf(cause);
    }
  };
}

export interface Deciding {
  mode: Mode;
  setMode: (mode: Mode) => void;
  failure: Failure | null;
  isDisabled: boolean;
  isOffline: boolean;
  run: (decision: Decision) => Promise<void>;
}

interface Asked {
  id: string | undefined;
  mode: Mode;
  failure: Failure | null;
}

/** The deciding of one question; another one starts plain. */
export function useDeciding(approval: Approval | null, onDecided: (approval: Approval) => void = () => {}): Deciding {
  const decide = useDecide();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const isOffline = useConnection().kind === 'offline';
  const [asked, setAsked] = useState<Asked>({ id: undefined, mode: 'plain', failure: null });
  const [isPending, setPending] = useState(false);
  const isSame = asked.id === approval?.id;
  const isDisabled = isPending || isOffline;
  return {
    mode: isSame ? asked.mode : 'plain',
    setMode: (mode) => setAsked({ id: approval?.id, mode, failure: null }),
    failure: isSame ? asked.failure : null,
    isDisabled,
    isOffline,
    async run(decision) {
      if (!approval || isDisabled) return;
      setPending(true);
      const failure = await decide(approval, decision);
      setPending(false);
      // What was typed stays where it could not be used.
      setAsked((held) => ({
        id: approval.id,
        mode: failure && held.id === approval.id ? held.mode : 'plain',
        failure,
      }));
      void queries.invalidateQueries(trpc.approval.count.pathFilter());
      if (!failure) onDecided(approval);
    },
  };
}

/** The keys that decide a question, the same wherever it stands; without one, or where more is asked for, they do nothing. */
export function useDecidingKeys(scope: Scope, approval: Approval | null, { mode, run, setMode }: Deciding): void {
  const whenAsked =
    approval && mode === 'plain'
      ? {
          'approval.approve': () => void run({ decision: 'approved' }),
          'approval.session': () => approval.demand === null && setMode('session'),
          'approval.deny': () => setMode('deny'),
          ...(approval.command !== null && { 'approval.edit': () => setMode('edit') }),
        }
      : {};
  useShortcuts(scope, whenAsked);
}
