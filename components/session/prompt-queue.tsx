/** Prompts that wait: in order, movable by keys or by dragging, and to be taken back. */
import { useMutation } from '@tanstack/react-query';
import { ArrowDown, ArrowUp, GripVertical, X } from 'lucide-react';
import { type DragEvent, useState } from 'react';
import { useTRPC } from '#components/api/api.ts';
import { failureOf } from '#components/api/failure.ts';
import { IconButton } from '#components/ui/button.tsx';
import { classNames } from '#components/ui/class-name.ts';
import { Icon } from '#components/ui/icon.tsx';
import type { TurnId } from '#protocol/id.ts';
import type { WaitingTurn } from '#protocol/turn-view.ts';
import { placeBefore } from './queue-place.ts';
import type { SessionView } from './session-facts.ts';
import { TerminalMark } from './terminal-mark.tsx';

export interface PromptQueueProps {
  view: SessionView;
  me: string | null;
  isOffline: boolean;
}

export function PromptQueue({ view, me, isOffline }: PromptQueueProps) {
  const trpc = useTRPC();
  const move = useMutation(trpc.turn.move.mutationOptions());
  const withdraw = useMutation(trpc.turn.withdraw.mutationOptions());
  const [dragged, setDragged] = useState<TurnId | null>(null);
  const { queue } = view.turns;
  const error = move.error ?? withdraw.error;
  if (queue.length === 0) return null;
  const put = (from: number, to: number) => {
    const turnId = queue[from]?.turnId;
    if (turnId && from !== to) move.mutate({ session: view.id, turnId, before: placeBefore(queue, from, to) });
  };
  const drop = (to: number) => {
    put(
      queue.findIndex(({ turnId }) => turnId === dragged),
      to,
    );
    setDragged(null);
  };
  const nameOf = (id: string) =>
    id === me ? 'you' : (view.members.find(({ personId }) => personId === id)?.name ?? 'someone');
  return (
    <div>
      <h2 className="flex h-6 items-center font-medium text-2xs text-ink-3 max-wide:text-xs">Queue</h2>
      {error && (
        <p role="alert" className="text-problem text-xs">
          {failureOf(error).message}
        </p>
      )}
      <ol aria-label="Waiting prompts" className="flex max-h-40 flex-col overflow-y-auto">
        {queue.map((waiting, at) => (
          <Waiting
            key={waiting.turnId}
            {...{ waiting, at, count: queue.length, isDisabled: isOffline }}
            by={nameOf(waiting.by)}
            isDragged={waiting.turnId === dragged}
            onDrag={() => setDragged(waiting.turnId)}
            onDrop={() => drop(at)}
            onMove={(to) => put(at, to)}
            onRemove={() => withdraw.mutate({ session: view.id, turnId: waiting.turnId })}
          />
        ))}
      </ol>
    </div>
  );
}

interface WaitingProps {
  waiting: WaitingTurn;
  /** Its place and the number of places, from 0. */
  at: number;
  count: number;
  by: string;
  isDragged: boolean;
  isDisabled: boolean;
  onDrag: () => void;
  onDrop: () => void;
  onMove: (to: number) => void;
  onRemove: () => void;
}

function Waiting({ waiting, at, count, by, isDragged, isDisabled, onDrag, onDrop, onMove, onRemove }: WaitingProps) {
  const { agent, prompt } = waiting;
  const drop = (event: DragEvent) => {
    event.preventDefault();
    onDrop();
  };
  return (
    <li
      draggable={!isDisabled}
      onDragStart={onDrag}
      onDragOver={(event) => event.preventDefault()}
      onDrop={drop}
      className={classNames(
        'flex h-7 flex-none items-center gap-2 rounded-1 hover:bg-hover max-wide:h-11',
        isDragged && 'opacity-50',
      )}
    >
      <Icon icon={GripVertical} size={12} className="cursor-grab text-ink-3 max-wide:hidden" />
      <span className="num w-4 flex-none text-ink-3 text-xs">{at + 1}</span>
      <TerminalMark name={agent} />
      <span className="flex-none text-ink-3 max-wide:hidden">{agent}</span>
      <span className="min-w-0 flex-1 truncate text-ink-2">{prompt}</span>
      <span className="flex-none text-ink-3 text-xs max-wide:hidden">{by}</span>
      <span className="flex flex-none">
        <IconButton
          icon={ArrowUp}
          label="Earlier"
          iconSize={12}
          disabled={isDisabled || at === 0}
          onClick={() => onMove(at - 1)}
        />
        <IconButton
          icon={ArrowDown}
          label="Later"
          iconSize={12}
          disabled={isDisabled || at === count - 1}
          onClick={() => onMove(at + 1)}
        />
        <IconButton icon={X} label="Take it back" iconSize={12} disabled={isDisabled} onClick={onRemove} />
      </span>
    </li>
  );
}
