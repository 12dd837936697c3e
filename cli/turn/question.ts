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

/** `RULE`, several with commas between; a `*` at the end of one means any that begin so. */
const isMeant = (yesTo: string, rule: string): boolean =>
  yesTo.split(/\s*,\s*/).some((each) => (each.endsWith('*') ? rule.startsWith(each.slice(0, -1)) : rule === each));

/** True when it was approved: every rule that asks is one that whoever ran this said yes to, and nobody else is needed. */
export async function sayYes(
  { api, io, yesTo }: { api: Api; io: Io; yesTo: string | null },
  { payload }: SessionEvent & { type: 'approval.requested' },
) {
  const { approvalId: id, rules, hash } = payload;
  if (yesTo === null || !rules?.every((rule) => isMeant(yesTo, rule))) return false;
  try {
    const { status } = await api.call.approval.decide.mutate({ id, decision: 'approved', note: null, hash });
    return status !== 'pending';
  } catch (cause) {
    await write(io.stderr, `${printable(cause instanceof Error ? cause.message : String(cause))}\n`);
    return false;
  }
}
