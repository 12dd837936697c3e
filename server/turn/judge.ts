/** Who decides about actions. The seam between the gate and policy: what is plugged in here is never trusted to be well. */
import * as z from 'zod';
import { actionFactsSchema } from '#protocol/action-facts.ts';
import { demandSchema } from '#protocol/approval.ts';
import { type EventPayload, eventPayloads } from '#protocol/event.ts';
import type { SessionId } from '#protocol/id.ts';
import type { SessionView } from '#protocol/session-view.ts';

export interface ProposedAction extends EventPayload<'action.requested'> {
  sessionId: SessionId;
}

export const judgementSchema = z.object({
  verdict: z.enum(['allow', 'ask', 'deny']),
  rule: z.string().max(200),
  /** Where it asks: every rule that does, each once. */
  rules: eventPayloads['approval.requested'].shape.rules,
  reasons: z.array(z.string().max(1_000)).max(50),
  policyHash: z.string().max(64),
  /** An allowed command is run as this instead; null: as it was asked. */
  command: z.string().max(32_768).nullable(),
  /** What was judged. */
  facts: actionFactsSchema.nullish(),
  /** What an approval needs, where it is asked for. */
  demand: demandSchema.optional(),
  shadow: eventPayloads['action.judged'].shape.shadow,
  /** A denial after which the session pauses. */
  isPausing: z.boolean().optional(),
  /** Of a connection: its runner may say the same of further ones like it, until it is told to forget. */
  isKept: z.boolean().optional(),
});
export type Judgement = z.infer<typeof judgementSchema>;

/**
 * Decides at once where it can: then request and verdict are one append. A promise holds the action until it settles, for ever
 * where it never does; then it is asked again, of the view of then, and must answer at once.
 */
export type Judge = (action: ProposedAction, view: SessionView) => Judgement | Promise<Judgement>;

/** Without a policy: everything is allowed, and recorded. */
export const recordingJudge: Judge = () => ({
  verdict: 'allow',
  rule: 'default.record',
  reasons: [],
  policyHash: '',
  command: null,
});

/** What the judge said, or a denial that says that it said nothing usable. */
export function checked(judgement: unknown): Judgement {
  const parsed = judgementSchema.safeParse(judgement);
  if (parsed.success) return parsed.data;
  return denial('judge.invalid', 'the policy did not give a usable answer');
}

export const denial = (rule: string, reason: string): Judgement => ({
  verdict: 'deny',
  rule,
  reasons: [reason],
  policyHash: '',
  command: null,
});
