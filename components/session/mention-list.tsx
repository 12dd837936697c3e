/** What an `@` at the beginning of a draft may mean: agents of the session and new ones; chosen by keys or pointer. */
import { type KeyboardEvent, useState } from 'react';
import { classNames } from '#components/ui/class-name.ts';
import { newAgentOf } from './agent-menu.tsx';
import { mentionAt } from './draft.ts';
import type { SessionView } from './session-facts.ts';
import { TerminalMark } from './terminal-mark.tsx';
import type { Composer } from './use-composer.ts';
import type { HarnessFacts } from './use-harnesses.ts';

export interface Mention {
  key: string;
  name: string;
  detail: string;
  choose: () => void;
}

export interface Mentions {
  found: readonly Mention[];
  /** The one that Enter takes. */
  at: number;
  /** True: the key was for the list. */
  onKeyDown: (event: KeyboardEvent) => boolean;
}

/** Those whose name begins with what was typed; none while nothing is being named. */
export function useMentions(view: SessionView, state: Composer, harnesses: readonly HarnessFacts[]): Mentions {
  const [cursor, setCursor] = useState(0);
  const [dismissed, setDismissed] = useState<string | null>(null);
  const typed = state.draft === dismissed ? null : mentionAt(state.draft, state.draft.length);
  const agents = view.turns.agents.map(({ name, harness }) => ({
    ...{ key: `agent ${name}`, name, detail: harness, word: name },
    choose: () => state.write(`@${name} `),
  }));
  const fresh = harnesses
    .filter(({ problem }) => problem === null)
    .map((harness) => ({
      ...{ key: `new ${harness.type}`, name: `New: ${harness.title}`, detail: harness.type },
      word: harness.title.toLowerCase(),
      choose: () => {
        state.write('');
        state.add(newAgentOf(harness, harnesses));
      },
    }));
  const found = typed === null ? [] : [...agents, ...fresh].filter(({ word }) => word.startsWith(typed));
  const at = Math.min(cursor, found.length - 1);
  const take = () => found[at]?.choose();
  const keys = new Map([
    ['ArrowDown', () => setCursor((at + 1) % found.length)],
    ['ArrowUp', () => setCursor((at - 1 + found.length) % found.length)],
    ['Enter', take],
    ['Tab', take],
    ['Escape', () => setDismissed(state.draft)],
  ]);
  return {
    ...{ found, at },
    onKeyDown(event) {
      const act = keys.get(event.key);
      if (!act || found.length === 0 || event.ctrlKey || event.metaKey || event.shiftKey) return false;
      event.preventDefault();
      act();
      return true;
    },
  };
}

export const mentionListId = 'mentions';
export const mentionId = ({ key }: Mention): string => `${mentionListId} ${key}`.replace(/[^a-z0-9]+/gi, '-');

export function MentionList({ found, at }: Mentions) {
  if (found.length === 0) return null;
  return (
    <div
      id={mentionListId}
      role="listbox"
      aria-label="Agents"
      className="flex max-h-56 flex-col overflow-y-auto border-line border-b p-1"
    >
      {found.map((mention, index) => (
        <div
          key={mention.key}
          id={mentionId(mention)}
          role="option"
          tabIndex={-1}
          aria-selected={index === at}
          // Before the text loses the keyboard.
          onPointerDown={(event) => {
            event.preventDefault();
            mention.choose();
          }}
          className={classNames(
            'flex min-h-7 cursor-pointer items-center gap-2 rounded-1 px-2 hover:bg-hover max-wide:min-h-11',
            index === at && 'bg-active',
          )}
        >
          <TerminalMark name={mention.name.replace(/^New: /, '')} />
          <span>{mention.name}</span>
          <span className="min-w-0 truncate text-ink-3">{mention.detail}</span>
        </div>
      ))}
    </div>
  );
}
