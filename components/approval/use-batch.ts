/** Several questions of one kind, decided together: each by itself, and what could not be decided is named. */
import { useState } from 'react';
import type { Approval } from '#components/api/api.ts';
import { useConnection } from '#components/api/provider.tsx';
import { kindOf } from './inbox-state.ts';
import { type Decision, useDecide } from './use-decision.ts';

/** Decisions on their way at once. */
const parallel = 8;

export interface BatchFailure {
  approval: Approval;
  message: string;
}

export interface Batch {
  /** As they were when they were selected, by id: one that somebody else decides meanwhile is told, not dropped. */
  selected: ReadonlyMap<string, Approval>;
  /** All selected are of one kind, so that they can be decided together. */
  isOneKind: boolean;
  /** They cannot be decided now, by buttons or by keys. */
  isDisabled: boolean;
  failures: readonly BatchFailure[];
  /** How many are still to be decided; 0: nothing goes on. */
  left: number;
  isAsking: boolean;
  toggle: (approval: Approval) => void;
  /** Selects all of `pending` that are of the kind of the first selected one. */
  selectAlike: (pending: readonly Approval[]) => void;
  /** Asks for the note of a denial, or no longer. */
  setAsking: (isAsking: boolean) => void;
  run: (decision: Decision) => Promise<void>;
  clear: () => void;
}

const keyed = (approvals: readonly Approval[]) =>
  new Map(approvals.map((approval) => [approval.id as string, approval]));

export const alike = (pending: readonly Approval[], selected: ReadonlyMap<string, Approval>): Approval[] => {
  const [first] = selected.values();
  return first ? pending.filter((each) => kindOf(each) === kindOf(first)) : [];
};

/** `onOver` is called when all that were selected have been tried. */
export function useBatch(onOver: () => void): Batch {
  const decide = useDecide();
  const [selected, setSelected] = useState<ReadonlyMap<string, Approval>>(new Map());
  const [failures, setFailures] = useState<readonly BatchFailure[]>([]);
  const [left, setLeft] = useState(0);
  const [isAsking, setAsking] = useState(false);
  const all = [...selected.values()];
  const isOneKind = new Set(all.map(kindOf)).size === 1;
  const isOffline = useConnection().kind === 'offline';
  const isDisabled = left > 0 || !isOneKind || isOffline;
  const run = async (decision: Decision) => {
    if (isDisabled) return;
    const waiting = [...all];
    const failed: BatchFailure[] = [];
    setAsking(false);
    setLeft(all.length);
    const work = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const failure = await decide(next, decision);
        if (failure) failed.push({ approval: next, message: failure.message });
        setLeft((count) => count - 1);
      }
    };
    await Promise.all(Array.from({ length: parallel }, work));
    setFailures(failed);
    setSelected(new Map());
    onOver();
  };
  return {
    ...{ selected, isOneKind, isDisabled, failures, left, isAsking, setAsking, run },
    toggle(approval) {
      const next = new Map(selected);
      if (!next.delete(approval.id)) next.set(approval.id, approval);
      setSelected(next);
      setFailures([]);
    },
    selectAlike: (pending) => setSelected(keyed([...all, ...alike(pending, selected)])),
    clear() {
      setSelected(new Map());
      setFailures([]);
      setAsking(false);
    },
  };
}
