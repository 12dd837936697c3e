/** Questions to people while a command waits for a turn: what is known of each, and a yes that was said before. */
import type { SessionEvent } from '#protocol/event.ts';
import type { Api } from '../api/client.ts';
import { type Io, printable, write } from '../io.ts';

/** What became of the questions of a turn, in the order they were asked. */
export interface Asked {
  id: string;
  rule: string;
  command: string | null;
  path: string | null;
  status: 'pending' | 'approved' | 'denied' | 'expired' | 'withdrawn';
}

/** Keeps what is known of a question; false for events about anything else. */
export function noteApproval(approvals: Map<string, Asked>, event: SessionEvent): boolean {
  if (event.type === 'approval.requested') {
    const { approvalId: id, rule, command, paths } = event.payload;
    approvals.set(id, { id, rule, command, path: paths[0] ?? null, status: 'pending' });
    return true;
  }
  if (!event.type.startsWith('approval.')) return false;
  const known = approvals.get((event.payload as { approvalId: string }).approvalId);
  if (known && event.type === 'approval.decided') known.status = event.payload.decision;
  if (known && event.type === 'approval.expired') known.status = 'expired';
  if (known && event.type === 'approval.withdrawn') known.status = 'withdrawn';
  return known !== undefined;
}

/** True when the question is of a rule that whoever ran this said yes to, and it was approved for that. */
export async function sayYes(
  { api, io, yesTo }: { api: Api; io: Io; yesTo: string | null },
  { payload }: SessionEvent & { type: 'approval.requested' },
) {
  const { approvalId: id, rule, hash } = payload;
  const isMeant = yesTo !== null && (yesTo.endsWith('*') ? rule.startsWith(yesTo.slice(0, -1)) : rule === yesTo);
  if (!isMeant) return false;
  try {
    await api.call.approval.decide.mutate({ id, decision: 'approved', note: null, hash });
  } catch (cause) {
    await write(io.stderr, `${printable(cause instanceof Error ? cause.message : String(cause))}\n`);
    return false;
  }
  return true;
}
