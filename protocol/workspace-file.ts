/** The workspace file, version "2026.1": who works in it, by which rules. What a key means is said where it takes effect. */
import * as z from 'zod';
import { ruleSchema } from './rule.ts';
import { agentNameSchema } from './turn-event.ts';

/** Longest file, in characters. */
export const maxWorkspaceText = 256 * 1024;

const line = (maxLength: number) => z.string().trim().min(1).max(maxLength);
/** Dollars; six digits behind the point count. */
const dollars = z.number().min(0).max(1_000_000);

const costControlSchema = z.strictObject({
  max_budget_usd: dollars,
  alert_threshold_pct: z.number().int().min(1).max(100).default(80),
});

const securitySchema = z.strictObject({
  forbidden_commands: z.array(line(1_000)).max(500).default([]),
  restricted_paths: z.array(line(4_096)).max(500).default([]),
  /** A person decides before anything is changed, unless the file says otherwise. */
  require_human_approval_on_mutation: z.boolean().default(true),
});

/** What follows when a command changed more than it said; from the mildest to the strictest. */
export const surpriseReactions = ['record', 'ask', 'pause'] as const;
export type SurpriseReaction = (typeof surpriseReactions)[number];

const policiesSchema = z.strictObject({
  cost_control: costControlSchema.optional(),
  security_guardrails: securitySchema.optional(),
  on_violation: z.enum(['deny', 'pause']).default('deny'),
  on_limit: z.union([z.enum(['pause', 'deny']), z.string().regex(/^downgrade:\S{1,200}$/)]).default('pause'),
  on_surprise: z.enum(surpriseReactions).default('record'),
});

const harnessSchema = z.strictObject({
  name: agentNameSchema,
  type: line(200),
  default_model: line(200).optional(),
});

const telemetrySchema = z.strictObject({
  mlflow_tracking_uri: z
    .url({ protocol: /^https?$/ })
    .max(2_000)
    .optional(),
  enable_live_session_sharing: z.boolean().default(false),
});

const workspaceSchema = z.strictObject({
  name: line(120),
  /** Where agents work, relative to the file. */
  base_dir: line(4_096).default('.'),
  allow_network_access: z.boolean().default(false),
});

export const workspaceFileSchema = z.strictObject({
  version: z.literal('2026.1'),
  workspace: workspaceSchema,
  harnesses: z.array(harnessSchema).max(50).default([]),
  policies: policiesSchema.prefault({}),
  /** In order: the first that is about an action speaks. */
  rules: z.array(ruleSchema).max(200).default([]),
  telemetry: telemetrySchema.optional(),
});
export type WorkspaceFile = z.infer<typeof workspaceFileSchema>;

/** What the server or one session adds to workspace files: it can only make them stricter. */
export const levelFileSchema = z.strictObject({
  version: z.literal('2026.1'),
  policies: policiesSchema
    .extend({
      security_guardrails: securitySchema
        .extend({ require_human_approval_on_mutation: z.boolean().default(false) })
        .optional(),
    })
    .prefault({}),
  rules: z.array(ruleSchema).max(200).default([]),
});
export type LevelFile = z.infer<typeof levelFileSchema>;

/** The same as a row of `policy check` carries it: it says where its root lies. */
export const workspaceRowSchema = workspaceFileSchema.extend({
  workspace: workspaceSchema.extend({ root: z.string().startsWith('/').max(4_096).optional() }),
});
