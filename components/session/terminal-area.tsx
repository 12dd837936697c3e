/** The middle of a session's page: tabs, what the state means, and the terminal that is shown. */

import dynamic from 'next/dynamic';
import type { RefObject } from 'react';
import type { TerminalPaneHandle } from '#components/terminal/terminal-pane.tsx';
import { fetchPart } from '#components/ui/fetch-part.ts';
import { isFrozen, type SessionView } from './session-facts.ts';
import { NoTerminal, StateStrip } from './state-strip.tsx';
import { TerminalTabs } from './terminal-tabs.tsx';
import type { TerminalChoice } from './use-terminal-choice.ts';

/** xterm.js and its addons are loaded where a terminal is, and nowhere else. */
const TerminalPane = dynamic(
  () => fetchPart(() => import('#components/terminal/terminal-pane.tsx').then((module) => module.TerminalPane)),
  { ssr: false, loading: () => <div className="min-h-0 flex-1 bg-well" /> },
);

export interface TerminalAreaProps {
  view: SessionView;
  choice: TerminalChoice;
  pane: RefObject<TerminalPaneHandle | null>;
  /** The terminal has the keyboard, or has it no longer. */
  onTyping: (isTyping: boolean) => void;
}

const selectedTab = '[role="tab"][aria-selected="true"]';

export function TerminalArea({ view, choice, pane, onTyping }: TerminalAreaProps) {
  const { shown } = choice;
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      {view.terminals.length > 0 && (
        <TerminalTabs
          terminals={view.terminals}
          shown={shown?.terminalId ?? null}
          onShow={choice.show}
          onOpen={view.runner && view.status !== 'unreachable' && !isFrozen(view) ? choice.open : null}
          isOpening={choice.isOpening}
          onClose={choice.close}
        />
      )}
      {choice.failure && (
        <p
          role="alert"
          className="flex-none border-problem-line border-b bg-problem-tint px-4 py-1.5 text-problem text-xs"
        >
          {choice.failure.message}
        </p>
      )}
      {shown && <StateStrip view={view} />}
      {shown ? (
        <TerminalPane
          key={shown.terminalId}
          ref={pane}
          terminalId={shown.terminalId}
          name={shown.name}
          members={view.members.map((member) => member.personId)}
          isAsked={shown.terminalId === choice.asked}
          onLeave={() => document.querySelector<HTMLElement>(selectedTab)?.focus()}
          onFocusChange={onTyping}
        />
      ) : (
        <NoTerminal view={view} onOpen={choice.open} />
      )}
    </div>
  );
}
