/** Sessions that stand still: nothing of theirs goes out meanwhile. */
import type { ServerResponse } from 'node:http';

/** Sessions whose calls are held: none is under way, and new ones wait. */
export interface Holds {
  isFrozen(sessionId: string): boolean;
  /** Calls `listener` whenever that changes; the result ends it. */
  watch(sessionId: string, listener: () => void): () => void;
}

/** Resolves when calls of the session may go on, or nobody waits for this one any more. */
export async function whenGoing(holds: Holds, sessionId: string, response: ServerResponse): Promise<void> {
  while (holds.isFrozen(sessionId) && !response.destroyed) {
    await new Promise<void>((resolve) => {
      const over = () => {
        stop();
        response.off('close', over);
        resolve();
      };
      const stop = holds.watch(sessionId, over);
      response.once('close', over);
    });
  }
}
