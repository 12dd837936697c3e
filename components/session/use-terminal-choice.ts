/** Which of a session's terminals is shown, and the calls that open and close them. */
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTRPC } from '#components/api/api.ts';
import { type Failure, failureOf } from '#components/api/failure.ts';
import type { TerminalId } from '#protocol/id.ts';
import { isOpenTerminal, type SessionView, type TerminalView } from './session-facts.ts';

export interface TerminalChoice {
  shown: TerminalView | null;
  /** The terminal this person opened last, on this page. */
  asked: string | null;
  show: (terminalId: string) => void;
  /** Steps through the open terminals. */
  step: (by: 1 | -1) => void;
  open: () => void;
  isOpening: boolean;
  close: (terminalId: string) => void;
  failure: Failure | null;
}

const newest = (opened: readonly TerminalView[], all: readonly TerminalView[]): TerminalView | undefined =>
  opened.at(-1) ?? all.at(-1);

/** The terminal to show for one that ended with its runner: what was opened after it. */
const heir = (opened: readonly TerminalView[], ended: TerminalView | undefined): TerminalView | undefined => {
  const { closed } = ended ?? {};
  return closed?.reason ? opened.findLast((each) => each.openedAt > closed.at) : undefined;
};

/**
 * Starts at the newest terminal. One whose program ends stays shown, so that its last words can be read; one closed by
 * hand gives way, and so does one that ended with its runner once the session is resumed.
 */
export function useTerminalChoice(view: SessionView): TerminalChoice {
  const trpc = useTRPC();
  const { terminals } = view;
  const opened = terminals.filter(isOpenTerminal);
  const [chosen, setChosen] = useState<string | null>(() => newest(opened, terminals)?.terminalId ?? null);
  const kept = terminals.find((each) => each.terminalId === chosen);
  const shown = heir(opened, kept) ?? kept ?? opened[0] ?? terminals.at(-1) ?? null;
  const open = useMutation(
    trpc.terminal.open.mutationOptions({ onSuccess: ({ terminalId }) => setChosen(terminalId) }),
  );
  const close = useMutation(trpc.terminal.close.mutationOptions());
  const error = open.error ?? close.error;
  return {
    shown,
    asked: open.data?.terminalId ?? null,
    show: setChosen,
    step: (by) => {
      const at = opened.findIndex((each) => each.terminalId === shown?.terminalId);
      const next = opened[(at + by + opened.length) % opened.length];
      if (next) setChosen(next.terminalId);
    },
    open: () => open.mutate({ session: view.id }),
    isOpening: open.isPending,
    close: (terminalId) => {
      const other = opened.findLast((each) => each.terminalId !== terminalId);
      if (terminalId === shown?.terminalId && other) setChosen(other.terminalId);
      close.mutate({ terminalId: terminalId as TerminalId });
    },
    failure: error ? failureOf(error) : null,
  };
}
