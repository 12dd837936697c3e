/** Everybody attached to each terminal, told its state when it changes. Reads the view once for all of them. */
import type { SessionId, TerminalId } from '#protocol/id.ts';
import type { SessionView } from '#protocol/session-view.ts';
import type { Attachment } from './attachment.ts';

export interface Audience {
  /** Those attached to one terminal; the set is live. */
  of(terminalId: TerminalId): ReadonlySet<Attachment>;
  add(terminalId: TerminalId, attachment: Attachment): void;
  remove(terminalId: TerminalId, attachment: Attachment): void;
  /** The state changed: everybody is told soon, once for however many changes came meanwhile. */
  refresh(terminalId: TerminalId): void;
}

const nobody: ReadonlySet<Attachment> = new Set();

export function createAudience(options: {
  sessionOf: (terminalId: TerminalId) => Promise<SessionId>;
  view: (sessionId: SessionId) => Promise<SessionView | null>;
  note: (line: string) => void;
}): Audience {
  const groups = new Map<TerminalId, Set<Attachment>>();
  /** Terminals whose state is being read; true when it changed again meanwhile. */
  const reading = new Map<TerminalId, boolean>();

  async function tell(terminalId: TerminalId): Promise<void> {
    do {
      reading.set(terminalId, false);
      const view = await options.view(await options.sessionOf(terminalId));
      if (view) for (const attachment of groups.get(terminalId) ?? []) attachment.tell(view);
    } while (reading.get(terminalId));
  }

  const audience: Audience = {
    of: (terminalId) => groups.get(terminalId) ?? nobody,
    add(terminalId, attachment) {
      const group = groups.get(terminalId) ?? new Set();
      groups.set(terminalId, group.add(attachment));
    },
    remove(terminalId, attachment) {
      const group = groups.get(terminalId);
      group?.delete(attachment);
      if (group?.size === 0) groups.delete(terminalId);
    },
    refresh(terminalId) {
      if (!groups.has(terminalId)) return;
      if (reading.has(terminalId)) {
        reading.set(terminalId, true);
        return;
      }
      tell(terminalId)
        .catch((cause: unknown) => options.note(`terminal state: ${String(cause)}`))
        .finally(() => reading.delete(terminalId));
    },
  };
  return audience;
}
