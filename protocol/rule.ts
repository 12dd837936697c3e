/** Rules of a policy as they are written: what each says of actions, under which condition. What it means is said in policy/rule/. */
import * as z from 'zod';
import { agentNameSchema } from './turn-event.ts';

const line = (maxLength: number) => z.string().trim().min(1).max(maxLength);
/** `90s`, `30m`, `8h`. */
const duration = z
  .string()
  .regex(/^[1-9]\d{0,4}[smh]$/, 'expected a duration like 90s, 30m or 8h')
  .refine((text) => durationMs(text) <= maxWaitMs, 'expected at most 20h');
const names = z.array(line(120)).min(1).max(50);

/** Agents cannot be held longer than this, in ms. */
const maxWaitMs = 20 * 3_600_000;

export const ruleWords = ['allow', 'ask', 'deny'] as const;
export type VerdictWord = (typeof ruleWords)[number];

/** What a session would have done before the action of an example. */
export const exampleSessionSchema = z.strictObject({
  spent_usd: z.number().min(0).max(1_000_000).optional(),
  turns: z.number().int().min(0).optional(),
  actions: z.number().int().min(0).optional(),
  denied: z.number().int().min(0).optional(),
  asked: z.number().int().min(0).optional(),
  last_minute: z.number().int().min(0).optional(),
  repeats: z.number().int().min(0).optional(),
  uses: z.number().int().min(0).optional(),
  installed: z.array(line(300)).max(100).optional(),
  fetched: z.array(line(300)).max(100).optional(),
  created: z.array(line(4_096)).max(100).optional(),
  started_by: line(120).optional(),
});
export type ExampleSession = z.infer<typeof exampleSessionSchema>;

const exampleSchema = z
  .strictObject({
    /** One of these says what the action is. Paths are relative to `base_dir`. */
    command: line(32_768).optional(),
    read: line(4_096).optional(),
    write: line(4_096).optional(),
    delete: line(4_096).optional(),
    request: z.strictObject({ method: line(20).default('GET'), url: line(2_000) }).optional(),
    tool: line(200).optional(),
    /** Who does it, and when. */
    agent: agentNameSchema.optional(),
    at: z.iso.datetime({ offset: true }).optional(),
    /** Files that are there. */
    files: z.array(line(4_096)).max(50).optional(),
    session: exampleSessionSchema.optional(),
    /** Whether the rule is about it. */
    matches: z.boolean().default(true),
  })
  .refine(
    ({ command, read, write, delete: removed, request, tool }) =>
      [command, read, write, removed, request].filter((each) => each !== undefined).length === 1 ||
      (tool !== undefined && [command, read, write, removed, request].every((each) => each === undefined)),
    'say what it does by one of command, read, write, delete, request, tool',
  );
export type RuleExample = z.infer<typeof exampleSchema>;

export const ruleSchema = z
  .strictObject({
    /** A condition in CEL over `action`, `facts`, `session` and `now`. */
    when: line(4_000).optional(),
    /** Or one that is ready made, with what it is told. */
    preset: line(60).optional(),
    with: z.record(z.string().max(60), z.unknown()).optional(),
    // biome-ignore lint/suspicious/noThenProperty: it is a key of the file
    then: z.enum(ruleWords).optional(),
    reason: line(400).optional(),
    /** Names of those who may approve. Anybody who may approve at all when left out. */
    approvers: names.optional(),
    /** How many must approve. */
    quorum: z.number().int().min(1).max(20).default(1),
    /** Whoever started the work may not approve it. */
    four_eyes: z.boolean().default(false),
    /** A question of this rule waits no longer. */
    expires_in: duration.optional(),
    /** After a while these may approve, too. */
    escalate: z.strictObject({ after: duration, to: names }).optional(),
    /** What it would say is recorded and nothing else. */
    shadow: z.boolean().default(false),
    examples: z.array(exampleSchema).max(50).default([]),
  })
  .refine(({ when, preset }) => (when === undefined) !== (preset === undefined), 'write either when or preset')
  .refine(({ preset, with: given }) => preset !== undefined || given === undefined, {
    message: 'only a preset is told something',
    path: ['with'],
  })
  .refine(({ when, then }) => when === undefined || then !== undefined, 'then: missing; write allow, ask or deny')
  .refine(({ quorum, approvers }) => approvers === undefined || new Set(approvers).size >= quorum, {
    message: 'more must approve than may',
    path: ['quorum'],
  });
export type RuleText = z.infer<typeof ruleSchema>;

/** Milliseconds of `90s`, `30m`, `8h`. */
export function durationMs(text: string): number {
  const unit = { s: 1_000, m: 60_000, h: 3_600_000 }[text.at(-1) as 's' | 'm' | 'h'];
  return Number(text.slice(0, -1)) * unit;
}
