/** Decides a question: by its buttons and by keys alike. */
import { useQueryClient } from '@tanstack/react-query';
import { type RefObject, useEffect, useState } from 'react';
import { type Approval, useTRPC, useTRPCClient } from '#components/api/api.ts';
import { type Failure, failureOf } from '#components/api/failure.ts';
import { useConnection } from '#components/api/provider.tsx';
import type { Scope } from '#components/shell/shortcut.ts';
import { useShortcuts } from '#components/shell/use-shortcuts.ts';
import { isEditable } from './approval-facts.ts';
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

/** A question that came by itself cannot be decided for so long, ms: keys and clicks on their way meant what stood there before. */
const noticeMs = 500;

function useIsUnnoticed(id: string | null, isOwn: boolean): boolean {
  const [noticed, setNoticed] = useState<string | null>(null);
  useEffect(() => {
    if (id === null || isOwn) return;
    const timer = setTimeout(() => setNoticed(id), noticeMs);
    return () => {
      clearTimeout(timer);
      setNoticed(null);
    };
  }, [id, isOwn]);
  return id !== null && !isOwn && noticed !== id;
}

export interface Deciding {
  mode: Mode;
  setMode: (mode: Mode) => void;
  failure: Failure | null;
  /** Nothing can be decided now, by buttons or by keys. */
  isDisabled: boolean;
  isOffline: boolean;
  /** The decision is on its way. */
  isPending: boolean;
  run: (decision: Decision) => Promise<void>;
}

export interface DecidingOptions {
  /** The person went to this question themselves. */
  isOwn?: boolean;
  onDecided?: (approval: Approval) => void;
}

interface Asked {
  id: string | undefined;
  mode: Mode;
  failure: Failure | null;
}

/** The deciding of one question; another one starts plain. What is written for one that is decided meanwhile stays. */
export function useDeciding(
  approval: Approval | null,
  { isOwn = false, onDecided = () => {} }: DecidingOptions = {},
): Deciding {
  const decide = useDecide();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const isOffline = useConnection().kind === 'offline';
  const isUnnoticed = useIsUnnoticed(approval?.id ?? null, isOwn);
  const [asked, setAsked] = useState<Asked>({ id: undefined, mode: 'plain', failure: null });
  const [isPending, setPending] = useState(false);
  const isSame = asked.id === approval?.id;
  const isDisabled = isPending || isOffline || isUnnoticed || approval?.status !== 'pending';
  return {
    mode: isSame ? asked.mode : 'plain',
    setMode: (mode) => setAsked({ id: approval?.id, mode, failure: null }),
    failure: isSame ? asked.failure : null,
    ...{ isDisabled, isOffline, isPending },
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

/**
 * The keys that decide a question, the same wherever it stands and as able as its buttons. `within`: where it stands, for
 * one in a dialog.
 */
export function useDecidingKeys(
  scope: Scope,
  approval: Approval | null,
  { mode, isDisabled, run, setMode }: Deciding,
  within?: RefObject<HTMLElement | null>,
): void {
  const whenAsked =
    approval && mode === 'plain' && !isDisabled
      ? {
          'approval.approve': () => void run({ decision: 'approved' }),
          'approval.session': () => approval.demand === null && setMode('session'),
          'approval.deny': () => setMode('deny'),
          ...(isEditable(approval) && { 'approval.edit': () => setMode('edit') }),
        }
      : {};
  useShortcuts(scope, whenAsked, within);
}
