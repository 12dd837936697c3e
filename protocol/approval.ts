/** Approvals: an action that waits for a person, and what became of it. Joined into the one table of event.ts. */
import * as z from 'zod';
import { commandEffects } from './action-facts.ts';
import { actionIdSchema, approvalIdSchema, turnIdSchema } from './id.ts';
import { prose } from './prose.ts';

/** What a person says with a decision, to the agent and to the log. */
export const noteSchema = prose(2_000);
export const decisions = ['approved', 'denied'] as const;
export type Decision = (typeof decisions)[number];

const about = { approvalId: approvalIdSchema, actionId: actionIdSchema };

export const approvalEventPayloads = {
  'approval.requested': z.object({
    ...about,
    turnId: turnIdSchema.nullable(),
    agent: prose(60),
    kind: prose(40),
    tool: prose(200),
    command: prose(32_768).nullable(),
    paths: z.array(prose(4_096)).max(1_000),
    cwd: prose(4_096),
    /** The worst that it does. */
    effect: z.enum(commandEffects),
    rule: prose(200),
    reasons: z.array(prose(1_000)).max(50),
    /** sha256 (hex) over session, bytes, folder, facts and policy: what is approved is this and nothing else. */
    hash: z.string().max(64),
    /** sha256 (hex) over tool, bytes, paths and folder: what is allowed for a session is this. */
    subject: z.string().max(64),
  }),
  /** Somebody looked at it. */
  'approval.shown': z.object(about),
  'approval.decided': z.object({
    ...about,
    decision: z.enum(decisions),
    /** The agent is told it. */
    note: noteSchema.nullable(),
    /** Runs in place of what was asked. */
    edit: prose(32_768).nullable(),
    /** As in the question; of the edited command where there is one. */
    subject: z.string().max(64),
    /** The same again needs no decision in this session. */
    forSession: z.boolean(),
  }),
  /** The runner has the decision. */
  'approval.delivered': z.object(about),
  /** Nobody decided while its agent waited. */
  'approval.expired': z.object(about),
  /** It is not wanted any more. */
  'approval.withdrawn': z.object({ ...about, reason: prose(400) }),
  /** What was allowed for the session is asked about again. */
  'approval.revoked': z.object(about),
} as const;

export const approvalStatuses = ['pending', 'approved', 'denied', 'withdrawn', 'expired', 'unknown'] as const;
export type ApprovalStatus = (typeof approvalStatuses)[number];
