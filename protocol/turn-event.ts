/** Facts about agents and their work: turns, items, actions, usage. Joined into the one table of event.ts. */
import * as z from 'zod';
import { actionFactsSchema } from './action-facts.ts';
import { actionIdSchema, callIdSchema, itemIdSchema, turnIdSchema } from './id.ts';
import { prose } from './prose.ts';

/** Longest text of one item, in characters; a longer one is cut with a note. */
export const maxItemText = 256 * 1024;
/** Longest prompt, in characters. */
export const maxPrompt = 256 * 1024;

/** Longest form of a tool's input that is kept to be read, in characters. */
export const maxInputText = 16 * 1024;

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/** How people name an agent: `@primary-coder`. */
export const agentNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'expected 1 to 40 of a-z, 0-9 and -, like primary-coder');
/** Type of a harness: `acp:example`, `acp:my-agent --flag`. */
export const harnessTypeSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}(?::[^\p{C}]{1,400})?$/u, 'expected a harness type');
export const modelSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\p{C}]*$/u, 'must not contain control characters');

export const itemKinds = ['message', 'reasoning', 'command', 'edit', 'tool', 'notice'] as const;
export type ItemKind = (typeof itemKinds)[number];
const itemStatuses = ['completed', 'failed', 'denied', 'interrupted'] as const;
export const turnStatuses = ['completed', 'failed', 'interrupted', 'denied', 'over-budget'] as const;
export type TurnStatus = (typeof turnStatuses)[number];
export const actionKinds = ['command', 'write', 'read', 'mcp', 'network', 'other'] as const;
export type ActionKind = (typeof actionKinds)[number];

const path = prose(4096);

/** What a tool is given. */
export const toolInputSchema = z.object({
  /** sha256 (hex) of all of it, as canonical JSON. */
  digest: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hex digits'),
  /** To be read: a diff, the new content, or its JSON; of a command only what stands beside it. */
  text: prose(maxInputText),
  /** Characters that the text goes on for. */
  left: count,
});
export type ToolInput = z.infer<typeof toolInputSchema>;

/** How a file differs from before. */
const fileChanges = ['added', 'modified', 'deleted'] as const;
/** Paths that one surprise names; the others are counted. */
export const maxSurprisePaths = 100;

/** What an item is about, as far as it is known when it starts. */
const itemSubject = {
  itemId: itemIdSchema,
  turnId: turnIdSchema,
  kind: z.enum(itemKinds),
  /** The item that this one belongs to, e.g. the call that started a subagent. */
  parentId: itemIdSchema.nullable(),
  /** One line: the tool and what it is used on. */
  title: prose(400),
  command: prose(32_768).nullable(),
  path: path.nullable(),
};

export const turnEventPayloads = {
  'agent.added': z.object({ agent: agentNameSchema, harness: harnessTypeSchema, model: modelSchema.nullable() }),
  'agent.changed': z.object({
    agent: agentNameSchema,
    harness: harnessTypeSchema,
    model: modelSchema.nullable(),
    /** Whether the new harness goes on with the conversation of the old one. */
    keepsConversation: z.boolean(),
  }),
  'turn.queued': z.object({ turnId: turnIdSchema, agent: agentNameSchema, prompt: prose(maxPrompt) }),
  /** Before which waiting turn; null: to the end. */
  'turn.moved': z.object({ turnId: turnIdSchema, before: turnIdSchema.nullable() }),
  'turn.withdrawn': z.object({ turnId: turnIdSchema }),
  'turn.started': z.object({
    turnId: turnIdSchema,
    agent: agentNameSchema,
    harness: harnessTypeSchema,
    model: modelSchema.nullable(),
    /** What the agent was told beyond the prompt: what others did since its last turn. */
    handover: prose(maxPrompt).nullable(),
  }),
  /** A person began it in the agent's own terminal. */
  'turn.begun': z.object({
    turnId: turnIdSchema,
    agent: agentNameSchema,
    harness: harnessTypeSchema,
    model: modelSchema.nullable(),
    prompt: prose(maxPrompt),
  }),
  'turn.steered': z.object({ turnId: turnIdSchema, text: prose(maxPrompt), by: prose(60) }),
  'turn.completed': z.object({
    turnId: turnIdSchema,
    status: z.enum(turnStatuses),
    /** Why it did not complete, for people. */
    reason: prose(2_000).nullable(),
    /** The harness's own name for the conversation, with which it is resumed. */
    conversation: prose(400).nullable(),
  }),
  /** A file in the checkout differs from before the turn; stated when the turn is over. */
  'file.changed': z.object({ turnId: turnIdSchema, path, change: z.enum(fileChanges) }),
  'item.started': z.object(itemSubject),
  'item.completed': z.object({
    ...itemSubject,
    status: z.enum(itemStatuses),
    /** Of a message or reasoning the whole text, of a command its output, of an edit its diff; cut at `maxItemText`. */
    text: prose(maxItemText),
    exitCode: z.number().int().nullable(),
  }),
  'action.requested': z.object({
    actionId: actionIdSchema,
    turnId: turnIdSchema.nullable(),
    agent: agentNameSchema,
    itemId: itemIdSchema.nullable(),
    kind: z.enum(actionKinds),
    /** The agent's own name of the tool; where it has none, the title that it gives to this use. */
    tool: prose(200),
    /** What rules know it by where `tool` is a title: the kind of its protocol. */
    toolKind: prose(60).optional(),
    command: prose(32_768).nullable(),
    paths: z.array(path).max(1_000),
    cwd: path,
    /** Absent before it was recorded. */
    input: toolInputSchema.optional(),
    /** Names of the variables that its agent was started with, sorted. Absent before they were recorded. */
    env: z.array(prose(200)).max(1_000).optional(),
    /** What it would touch; absent where its runner could not tell, or is from before there were facts. */
    facts: actionFactsSchema.nullish(),
  }),
  'action.judged': z.object({
    actionId: actionIdSchema,
    verdict: z.enum(['allow', 'ask', 'deny']),
    rule: prose(200),
    reasons: z.array(prose(1_000)).max(50),
    policyHash: prose(64),
    /** What was judged: of the command that runs instead, where there is one. */
    facts: actionFactsSchema.nullish(),
    /** An allowed command is run as this instead; null: as it was asked. */
    command: prose(32_768).nullable(),
    /** What rules in the shadow would have said. */
    shadow: z
      .array(z.object({ rule: prose(200), verdict: z.enum(['allow', 'ask', 'deny']), reason: prose(400) }))
      .max(200)
      .optional(),
  }),
  /**
   * `ran`: it was let through; `blocked`: it did not happen; `unknown`: it may have begun when its runner died. That follows
   * a `ran` whose item had not ended.
   */
  'action.acted': z.object({ actionId: actionIdSchema, outcome: z.enum(['ran', 'blocked', 'withdrawn', 'unknown']) }),
  /** While it ran something in the checkout changed that its facts say nothing of. */
  'effect.surprised': z.object({
    actionId: actionIdSchema,
    turnId: turnIdSchema,
    agent: agentNameSchema,
    /** From the root of the checkout; a folder ends with a slash. */
    paths: z
      .array(z.object({ path, change: z.enum(fileChanges) }))
      .min(1)
      .max(maxSurprisePaths),
    /** Paths that are not named. */
    more: count,
    /** A person typed into a shell of the session meanwhile: it may be their doing. */
    shared: z.boolean(),
  }),
  'usage.recorded': z.object({
    callId: callIdSchema,
    turnId: turnIdSchema.nullable(),
    agent: agentNameSchema,
    provider: prose(60),
    model: prose(200),
    inputTokens: count,
    cacheReadTokens: count,
    cacheWrite5mTokens: count,
    cacheWrite1hTokens: count,
    outputTokens: count,
    /** Micro-dollars; null: not priced. */
    costMicroUsd: count.nullable(),
    status: z.enum(['settled', 'unknown', 'imputed']),
  }),
} as const;
