/** What people are asked about an action, and what their answer is bound to. Pure. */
import { createHash } from 'node:crypto';
import { type CommandEffect, commandEffects } from '#protocol/action-facts.ts';
import { lastingWords } from '#protocol/egress-text.ts';
import type { EventPayload, NewEvent } from '#protocol/event.ts';
import type { ApprovalId, SessionId } from '#protocol/id.ts';
import type { Judgement } from './judge.ts';
import { subjectOf } from './subject.ts';

type Action = EventPayload<'action.requested'>;

/** The worst that it does. */
function effectOf({ kind, facts }: Action): CommandEffect {
  const effects = facts?.commands.map(({ effect }) => effect) ?? [];
  if (effects.length > 0) return commandEffects.findLast((each) => effects.includes(each)) ?? 'unknown';
  const byKind: Partial<Record<Action['kind'], CommandEffect>> = { write: 'write', read: 'read', network: 'network' };
  return byKind[kind] ?? 'unknown';
}

/** sha256 (hex) over all that a decision is about: the same question has the same hash, another one never. */
function hashOf(sessionId: SessionId, action: Action, policyHash: string): string {
  const { kind, tool, command, paths, cwd, env = null, input, facts = null } = action;
  const bytes = [kind, tool, command, paths, input?.digest ?? null];
  const subject = JSON.stringify([sessionId, ...bytes, cwd, env, facts, policyHash]);
  return createHash('sha256').update(subject).digest('hex');
}

export function approvalRequested(
  sessionId: SessionId,
  approvalId: ApprovalId,
  action: Action,
  { rule, rules, reasons, policyHash, demand }: Judgement,
): NewEvent {
  const { actionId, turnId, agent, kind, tool, command, paths, cwd, facts } = action;
  const isLasting = facts?.connection !== undefined && !demand;
  return {
    type: 'approval.requested',
    principal: 'server',
    dedupeKey: `approval:${actionId}`,
    payload: {
      ...{ approvalId, actionId, turnId, agent, kind, tool, command, paths, cwd, rule, policyHash },
      reasons: isLasting ? [...reasons.slice(0, 49), lastingWords] : reasons,
      effect: effectOf(action),
      hash: hashOf(sessionId, action, policyHash),
      subject: subjectOf(action),
      ...(rules && { rules }),
      ...(demand && { demand }),
      ...(isLasting && { isLasting }),
    },
  };
}
