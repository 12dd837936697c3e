/** Which question is shown: the chosen one, else the riskiest that waits. On a phone the address follows, so that Back leads to the list. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { type Approval, type ApprovalDetail, useTRPC } from '#components/api/api.ts';
import { type Failure, failureOf } from '#components/api/failure.ts';
import { onOpenAgain } from '#components/notify/browser-push.ts';
import { useIsPhone } from '#components/ui/use-media.ts';
import type { Inbox } from './use-inbox.ts';

export interface Shown {
  /** Null: there is none. What it would touch is null until that is loaded. */
  approval: ApprovalDetail | null;
  failure: Failure | null;
  /** It was chosen: a phone shows it in place of the list. */
  isChosen: boolean;
  /** From 1 among those that wait; 0: it does not wait. */
  place: number;
  show: (id: string) => void;
  step: (by: 1 | -1) => void;
  /** On to what waits behind it, if anything does. */
  next: (() => void) | null;
  /** Back to the list. */
  leave: () => void;
}

/** What a row does not tell. */
const notLoaded = { facts: null, votes: [], escalatedTo: [], overdueAt: null, refusal: null };

const inboxPath = '/inbox';
const chosenIn = (path: string): string | null => /^\/inbox\/(apr_\w+)$/.exec(path)?.[1] ?? null;

/** The chosen id. On a phone choosing is a step in the history. */
function useChosen(opened: string | undefined) {
  const [chosen, setChosen] = useState<string | null>(opened ?? null);
  const isPhone = useIsPhone();
  const isPushed = useRef(false);
  useEffect(() => {
    const onPop = () => {
      isPushed.current = false;
      setChosen(chosenIn(location.pathname));
    };
    window.addEventListener('popstate', onPop);
    return () => window.removeEventListener('popstate', onPop);
  }, []);
  // A notification of it was clicked while another one was looked at.
  useEffect(() => onOpenAgain(() => setChosen(opened ?? null)), [opened]);
  const choose = (id: string) => {
    if (isPhone && chosen === null) {
      history.pushState(null, '', `${inboxPath}/${id}`);
      isPushed.current = true;
    } else if (isPhone) history.replaceState(null, '', `${inboxPath}/${id}`);
    setChosen(id);
  };
  const leave = () => {
    if (isPushed.current) return history.back();
    history.replaceState(null, '', inboxPath);
    setChosen(null);
  };
  return { chosen, choose, leave };
}

export function useShown({ pending, decided, isFirstLoad }: Inbox, opened: string | undefined): Shown {
  const { chosen, choose, leave } = useChosen(opened);
  const trpc = useTRPC();
  const all = [...pending, ...decided];
  const row = all.find(({ id }) => id === chosen) ?? (chosen === null ? pending[0] : undefined);
  const id = (row?.id ?? chosen ?? '') as Approval['id'];
  const asked = useQuery(trpc.approval.get.queryOptions({ id }, { enabled: id !== '', retry: false }));
  const at = pending.findIndex((each) => each.id === id);
  const behind = at >= 0 ? (pending[at + 1] ?? pending[at - 1]) : pending[0];
  // The next one is opened at once.
  useQuery(trpc.approval.get.queryOptions({ id: behind?.id ?? id }, { enabled: behind !== undefined, retry: false }));
  const detail = asked.data ?? null;
  return {
    approval: row ? { ...notLoaded, ...detail, ...row } : detail,
    failure: !row && !isFirstLoad && asked.error ? failureOf(asked.error) : null,
    isChosen: chosen !== null,
    place: at + 1,
    show: choose,
    step(by) {
      const from = all.findIndex((each) => each.id === id);
      const to = all[Math.min(all.length - 1, Math.max(0, from + by))];
      if (to) choose(to.id);
    },
    next: behind ? () => choose(behind.id) : null,
    leave,
  };
}
