/** Which question is shown: the one the person went to, else the riskiest when one was first seen. On a phone the address follows, so that Back leads to the list. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { type Approval, type ApprovalDetail, useTRPC } from '#components/api/api.ts';
import { type Failure, failureOf } from '#components/api/failure.ts';
import { onOpenAgain } from '#components/notify/browser-push.ts';
import { useIsPhone } from '#components/ui/use-media.ts';
import { type Held, heldAfter, stepTo } from './shown-state.ts';
import type { Inbox } from './use-inbox.ts';

export interface Shown {
  /** Null: there is none. What it would touch is null until that is loaded. */
  approval: ApprovalDetail | null;
  failure: Failure | null;
  /** The person went there: a phone shows it in place of the list. */
  isChosen: boolean;
  /** From 1 among those that wait; 0: it does not wait. */
  place: number;
  show: (id: string) => void;
  step: (by: 1 | -1) => void;
  /** On to what waits behind it, if anything does. */
  next: (() => void) | null;
  /** The person has decided `decided`: what waits behind it takes its place, where it still stands there. */
  moveOn: (decided: string) => void;
  /** Several others were decided: it takes their place, and came by itself. */
  comeBack: () => void;
  /** Back to the list. */
  leave: () => void;
}

/** What a row does not tell. */
const notLoaded = { facts: null, input: null, votes: [], escalatedTo: [], overdueAt: null, refusal: null };

const inboxPath = '/inbox';
const chosen = (id: string | null | undefined): Held | null => (id ? { id, isOwn: true } : null);
const chosenIn = (path: string): Held | null => chosen(/^\/inbox\/(apr_\w+)$/.exec(path)?.[1]);

/** What is held in place. On a phone choosing is a step in the history, and nothing is shown that was not chosen. */
function useHeld(opened: string | undefined, waiting: readonly string[]) {
  const [held, setHeld] = useState<Held | null>(chosen(opened));
  const isPhone = useIsPhone();
  const isPushed = useRef(false);
  useEffect(() => {
    const onPop = () => {
      isPushed.current = false;
      setHeld(chosenIn(location.pathname));
    };
    window.addEventListener('popstate', onPop);
    return () => window.removeEventListener('popstate', onPop);
  }, []);
  // A notification of it was clicked while another one was looked at.
  useEffect(() => onOpenAgain(() => setHeld(chosen(opened))), [opened]);
  const next = isPhone ? held : heldAfter(held, waiting, true);
  if (next !== held) setHeld(next);
  const shown = isPhone && !next?.isOwn ? null : next;
  const choose = (id: string) => {
    if (isPhone && shown === null) {
      history.pushState(null, '', `${inboxPath}/${id}`);
      isPushed.current = true;
    } else if (isPhone) history.replaceState(null, '', `${inboxPath}/${id}`);
    setHeld(chosen(id));
  };
  const leave = () => {
    if (isPushed.current) return history.back();
    history.replaceState(null, '', inboxPath);
    setHeld(null);
  };
  return { held: shown, setHeld, choose, leave };
}

/** Where the shown one stood when it was last seen to wait. */
function usePlace(id: string, at: number): () => number | null {
  const seen = useRef<{ id: string; at: number } | null>(null);
  useEffect(() => {
    if (at >= 0) seen.current = { id, at };
  }, [id, at]);
  return () => (seen.current?.id === id ? seen.current.at : null);
}

export function useShown({ pending, decided, isFirstLoad }: Inbox, opened: string | undefined): Shown {
  const waiting = pending.map(({ id }) => id as string);
  const { held, setHeld, choose, leave } = useHeld(opened, waiting);
  const trpc = useTRPC();
  const id = (held?.id ?? '') as Approval['id'];
  const at = waiting.indexOf(id);
  const row = pending[at] ?? decided.find((each) => each.id === id);
  const asked = useQuery(trpc.approval.get.queryOptions({ id }, { enabled: id !== '', retry: false }));
  const behind = at >= 0 ? (pending[at + 1] ?? pending[at - 1]) : pending[0];
  // The next one is opened at once.
  useQuery(trpc.approval.get.queryOptions({ id: behind?.id ?? id }, { enabled: behind !== undefined, retry: false }));
  const detail = asked.data ?? null;
  const placeOf = usePlace(id, at);
  return {
    approval: row ? { ...notLoaded, ...detail, ...row } : detail,
    failure: !row && !isFirstLoad && asked.error ? failureOf(asked.error) : null,
    isChosen: held?.isOwn ?? false,
    place: at + 1,
    show: choose,
    step(by) {
      const to = stepTo({ waiting, decided: decided.map((each) => each.id), id, place: placeOf() }, by);
      if (to !== undefined) choose(to);
    },
    next: behind ? () => choose(behind.id) : null,
    moveOn(from) {
      const after = behind ? { id: behind.id as string, isOwn: false } : null;
      // The last one that was gone to shows what became of it.
      setHeld((now) => (now?.id !== from || (now.isOwn && !after) ? now : after));
    },
    comeBack: () => setHeld((now) => now && { ...now, isOwn: false }),
    leave,
  };
}
