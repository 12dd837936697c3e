/** Approvals: an action that waits for a person, and what became of it. Joined into the one table of event.ts. */
import * as z from 'zod';
import { commandEffects } from './action-facts.ts';
import { actionIdSchema, approvalIdSchema, turnIdSchema } from './id.ts';
import { prose } from './prose.ts';

/** What a person says with a decision, to the agent and to the log. */
export const noteSchema = prose(2_000);
/** What somebody found who looked whether an action had happened. */
export const findings = ['happened', 'not-happened'] as const;
export type Finding = (typeof findings)[number];
export const decisions = ['approved', 'denied'] as const;
export type Decision = (typeof decisions)[number];

const names = z.array(prose(120)).max(50);

/** What an approval needs before it counts. */
export const demandSchema = z.object({
  /** Names; null: anybody who may approve at all. */
  approvers: names.nullable(),
  quorum: z.number().int().min(1).max(20),
  /** Not by whoever started the work. */
  isFourEyes: z.boolean(),
  /** Null: as long as any question. */
  expiresInMs: z.number().int().min(1).nullable(),
  escalate: z.object({ afterMs: z.number().int().min(1), to: names }).nullable(),
});
export type Demand = z.infer<typeof demandSchema>;

/** Every rule that asks, each once. */
const rules = z.array(prose(200)).max(2_000);

/** What a person was shown who allowed more than one action: the same bytes may do no more than that. */
export const coverageSchema = z.object({
  rules,
  /** sha256 (hex) over all that it would touch. */
  touched: z.string().max(64),
});
export type Coverage = z.infer<typeof coverageSchema>;

/** The address and the program that a person decided from; absent before it was recorded. */
const from = { from: prose(300).optional() };
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
    /** Absent before it was recorded. */
    rules: rules.min(1).optional(),
    reasons: z.array(prose(1_000)).max(50),
    /** sha256 (hex) over session, bytes, folder, names of variables, facts and policy: what is approved is this and nothing else. */
    hash: z.string().max(64),
    /** sha256 (hex) over tool, bytes and folder: what is allowed for a session is this. */
    subject: z.string().max(64),
    /** Of the rules that ask; what is allowed for a session is allowed under them. Absent before it was recorded. */
    policyHash: z.string().max(64).optional(),
    /** Absent: one person who may approve is enough. */
    demand: demandSchema.optional(),
    /** Whoever approves it allows it for the session: it is a connection, of which there will be more. */
    isLasting: z.boolean().optional(),
  }),
  /** One of several that are needed approves it. */
  'approval.voted': z.object({ ...about, ...from }),
  /** It waited long: further people may approve it. */
  'approval.escalated': z.object({ ...about, to: names }),
  /** It was decided and does not come to anything: whoever watches is told. */
  'approval.overdue': z.object({ ...about, waitedMs: z.number().int().min(0) }),
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
    /** What it allows beyond this one action; where it allows nothing, or is from before it was recorded, absent. */
    covers: coverageSchema.optional(),
    ...from,
  }),
  /** The runner has the decision. */
  'approval.delivered': z.object(about),
  /** Nobody decided while its agent waited. */
  'approval.expired': z.object(about),
  /** It is not wanted any more. */
  'approval.withdrawn': z.object({ ...about, reason: prose(400) }),
  /** Nobody knew whether it had happened: somebody has looked, and says. */
  'approval.settled': z.object({ ...about, found: z.enum(findings), ...from }),
  /** What was allowed for the session is asked about again. */
  'approval.revoked': z.object({ ...about, ...from }),
} as const;

export const approvalStatuses = ['pending', 'approved', 'denied', 'withdrawn', 'expired', 'unknown'] as const;
export type ApprovalStatus = (typeof approvalStatuses)[number];
