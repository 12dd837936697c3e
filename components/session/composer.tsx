/** Where people write to agents: who it is for, the text, and the prompts that wait. ⌘Enter sends, Esc interrupts. */
import { CircleStop } from 'lucide-react';
import { type KeyboardEvent, useLayoutEffect, useRef } from 'react';
import { useConnection } from '#components/api/provider.tsx';
import { localCap } from '#components/shell/shortcut.ts';
import { Button } from '#components/ui/button.tsx';
import { classNames } from '#components/ui/class-name.ts';
import { KeyCap } from '#components/ui/key-cap.tsx';
import { useIsMac } from '#components/ui/use-media.ts';
import { AgentKey } from './agent-key.tsx';
import { AgentMenu } from './agent-menu.tsx';
import { MentionList, mentionId, mentionListId, useMentions } from './mention-list.tsx';
import { ModelControl } from './model-control.tsx';
import { PromptQueue } from './prompt-queue.tsx';
import { isFrozen, type SessionView, takesPrompts } from './session-facts.ts';
import { type Composer as State, useComposer } from './use-composer.ts';
import { type HarnessFacts, useHarnesses } from './use-harnesses.ts';
import type { Interrupt } from './use-interrupt.ts';

export interface ComposerProps {
  view: SessionView;
  me: string | null;
  interrupt: Interrupt;
  /** It stands under the timeline alone, and is as wide. */
  isNarrow: boolean;
}

/** Tallest text, px; a longer one scrolls. */
const maxHeight = 240;

export function Composer({ view, me, interrupt, isNarrow }: ComposerProps) {
  const isOffline = useConnection().kind === 'offline';
  const state = useComposer(view, isOffline);
  const failure = state.failure ?? interrupt.failure;
  if (view.status === 'ended') return null;
  return (
    <section aria-label="Prompt" className="flex-none border-line border-t bg-bg px-4 pt-2 pb-3">
      <div className={classNames('flex flex-col gap-2', isNarrow && 'mx-auto max-w-[860px]')}>
        {isFrozen(view) && (
          <p role="status" className="text-ink-2 text-xs">
            The session is paused. Prompts wait until it is resumed.
          </p>
        )}
        <PromptQueue view={view} me={me} isOffline={isOffline} />
        <AgentKey harness={harnessFor(view, state)} hasWorked={hasWorked(view, state)} />
        {(failure || state.unsent) && (
          <p role="alert" className="text-problem text-xs">
            {failure ? `${failure.message} The draft is kept.` : state.unsent}
          </p>
        )}
        <Box view={view} state={state} interrupt={interrupt} isOffline={isOffline} />
      </div>
    </section>
  );
}

interface BoxProps {
  view: SessionView;
  state: State;
  interrupt: Interrupt;
  isOffline: boolean;
}

function Box({ view, state, interrupt, isOffline }: BoxProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  const harnesses = useHarnesses();
  const mentions = useMentions(view, state, harnesses);
  const canSteer = canSteerNow(view, harnesses);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text decides the height
  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return;
    element.style.height = 'auto';
    element.style.height = `${Math.min(maxHeight, element.scrollHeight)}px`;
  }, [state.draft]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || mentions.onKeyDown(event)) return;
    const isSend = event.key === 'Enter' && (event.metaKey || event.ctrlKey);
    if (!isSend && !(event.key === 'Escape' && interrupt.run)) return;
    event.preventDefault();
    if (!isSend) interrupt.run?.();
    else if (event.shiftKey && canSteer) state.steer();
    else state.send();
  };
  const chosen = mentions.found[mentions.at];
  return (
    <div className="rounded-2 border border-control-line bg-surface focus-within:border-accent-solid">
      <MentionList {...mentions} />
      <textarea
        ref={area}
        data-composer
        rows={1}
        value={state.draft}
        onChange={(event) => state.write(event.target.value)}
        onKeyDown={onKeyDown}
        aria-label="Prompt to an agent"
        {...(chosen && { 'aria-controls': mentionListId, 'aria-activedescendant': mentionId(chosen) })}
        placeholder={
          view.turns.agents.length > 0 ? 'Ask for something, @ names an agent' : 'Choose an agent and ask for something'
        }
        className="block w-full resize-none bg-transparent px-3 pt-2.5 pb-1 text-md leading-(--leading-prose) outline-none placeholder:text-ink-3 max-wide:text-base"
      />
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1 px-2 pb-2">
        <AgentMenu view={view} state={state} harnesses={harnesses} />
        {(state.agent ?? state.newAgent) !== null && <ModelControl model={state.model} onChange={state.useModel} />}
        {/* Together, so that on a phone they go to the next line together. */}
        <span className="ml-auto flex items-center gap-2">
          <Actions view={view} state={state} interrupt={interrupt} canSteer={canSteer} isOffline={isOffline} />
        </span>
      </div>
    </div>
  );
}

/** Type of the harness that the draft is for; null: nobody is chosen yet. */
function harnessFor({ turns }: SessionView, { agent, newAgent }: State): string | null {
  if (agent === null) return newAgent?.harness ?? null;
  return turns.agents.find(({ name }) => name === agent)?.harness ?? null;
}

const hasWorked = ({ turns: { lastTurn } }: SessionView, { agent }: State): boolean =>
  lastTurn !== null && lastTurn.agent === agent && lastTurn.status === 'completed';

/** The agent that works can be told something while it does. */
function canSteerNow({ turns }: SessionView, harnesses: readonly HarnessFacts[]): boolean {
  const working = turns.agents.find(({ name }) => name === turns.turn?.agent);
  return harnesses.find(({ type }) => type === working?.harness)?.capabilities.canSteer ?? false;
}

function Actions({ view, state, interrupt, canSteer, isOffline }: BoxProps & { canSteer: boolean }) {
  const isMac = useIsMac();
  const isBusy = isFrozen(view) || view.turns.turn !== null || view.turns.queue.length > 0;
  const why = isOffline
    ? 'Not while offline; the draft is kept'
    : takesPrompts(view)
      ? undefined
      : `The session is ${view.status}; resume it first`;
  return (
    <>
      {interrupt.run && (
        <Button
          variant="quiet"
          size="small"
          icon={CircleStop}
          onClick={interrupt.run}
          disabled={isOffline || interrupt.isPending}
          aria-label="Interrupt the turn"
        >
          <span className="max-wide:hidden">Interrupt</span>
          <KeyCap cap="esc" />
        </Button>
      )}
      {canSteer && (
        <Button
          size="small"
          onClick={state.steer}
          disabled={isOffline || state.draft.trim() === ''}
          title={why ?? 'Add it to the turn that runs'}
          cap={localCap('⇧⌘↵', isMac)}
        >
          Steer
        </Button>
      )}
      <Button
        variant="primary"
        size="small"
        onClick={state.send}
        disabled={!state.canSend}
        title={why}
        cap={localCap('⌘↵', isMac)}
      >
        {isBusy ? 'Queue' : 'Send'}
      </Button>
    </>
  );
}
