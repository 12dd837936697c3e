/** Follows one turn to its end: its events as they come, then what it left. Knows no command and prints nothing. */
import type { SessionEvent } from '#protocol/event.ts';
import type { TurnStatus } from '#protocol/turn-event.ts';
import type { Api } from '../api/client.ts';

export interface TurnOutcome {
  status: TurnStatus;
  reason: string | null;
  /** The last message of the agent itself. */
  output: string;
  /** Number of the event that ended it. */
  seq: number;
}

export interface FollowTurnOptions {
  api: Api;
  sessionId: string;
  turnId: string;
  after: number;
  signal?: AbortSignal;
  onEvent?: (event: SessionEvent) => Promise<void> | void;
}

/** Resolves when the turn is over or can never be; null when `signal` aborted first. */
export async function followTurn(options: FollowTurnOptions): Promise<TurnOutcome | null> {
  const { api, sessionId, turnId, after, signal, onEvent } = options;
  const { followEvents } = await import('../api/follow.ts');
  let output = '';
  for await (const event of followEvents({ api, sessionId, after, ...(signal && { signal }) })) {
    await onEvent?.(event);
    switch (event.type) {
      case 'item.completed': {
        const { kind, parentId, text, turnId: owner } = event.payload;
        if (owner === turnId && kind === 'message' && parentId === null) output = text;
        break;
      }
      case 'turn.completed': {
        const { status, reason, turnId: ended } = event.payload;
        if (ended === turnId) return { status, reason, output, seq: event.seq };
        break;
      }
      case 'turn.withdrawn':
        if (event.payload.turnId !== turnId) break;
        return { status: 'interrupted', reason: 'the prompt was withdrawn', output, seq: event.seq };
      case 'session.paused':
        if (event.payload.programs === 'frozen') break;
        return { status: 'failed', reason: reasonOf(event), output, seq: event.seq };
      case 'session.failed':
      case 'session.ended':
        return { status: 'failed', reason: reasonOf(event), output, seq: event.seq };
      default:
        break;
    }
  }
  return null;
}

const reasonOf = (event: SessionEvent): string =>
  event.type === 'session.ended' ? 'the session was ended' : (event.payload as { reason: string }).reason;

/** The exit code of contract.md for how a turn ended. */
export const exitOf: Record<TurnStatus, number> = {
  completed: 0,
  failed: 1,
  interrupted: 130,
  denied: 6,
  'over-budget': 7,
};
