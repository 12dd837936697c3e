/** What the scripted provider answers: rules tried in order, and the steps of an answer. Knows no API and no socket. */
import * as z from 'zod';

const usageSchema = z
  .strictObject({
    input: z.number().int().min(0).default(0),
    cacheRead: z.number().int().min(0).default(0),
    cacheWrite5m: z.number().int().min(0).default(0),
    cacheWrite1h: z.number().int().min(0).default(0),
    output: z.number().int().min(0).default(0),
  })
  .prefault({});
/** Tokens by kind, as an answer reports them. */
export type ScriptUsage = z.infer<typeof usageSchema>;

const stepSchema = z.union([
  /** Text in `chunks` pieces of about the same length (default: one a word), `delayMs` before each. */
  z.strictObject({
    text: z.string(),
    chunks: z.number().int().min(1).max(100_000).optional(),
    delayMs: z.number().min(0).max(3_600_000).optional(),
  }),
  z.strictObject({ reasoning: z.string() }),
  /** A command, as a call of whatever tool the request offers for commands. */
  z.strictObject({ shell: z.string() }),
  /** A file, as a call of whatever tool the request offers for writing one. */
  z.strictObject({ write: z.strictObject({ path: z.string(), content: z.string() }) }),
  z.strictObject({ tool: z.strictObject({ name: z.string(), input: z.record(z.string(), z.unknown()) }) }),
  /** Waits until the gate of this name is opened by `POST /_/gate/NAME/open`. */
  z.strictObject({ gate: z.string().min(1).max(100) }),
  /** An HTTP error instead of an answer; only as the first step, or after gates. */
  z.strictObject({
    status: z.number().int().min(100).max(599),
    headers: z.record(z.string(), z.string()).optional(),
    body: z.unknown().optional(),
  }),
  /** The connection is cut here. */
  z.strictObject({ cut: z.literal(true) }),
  /** Bytes that are no answer of this API. */
  z.strictObject({ garbage: z.literal(true) }),
]);
export type Step = z.infer<typeof stepSchema>;

const ruleSchema = z.strictObject({
  match: z
    .strictObject({
      model: z.string().optional(),
      /** Somewhere in the newest prompt or what followed it. */
      contains: z.string().optional(),
      /** The how manieth request, from 1, that fits the rest of this rule. */
      nth: z.number().int().min(1).optional(),
      /** Whether the newest message carries results of tools. */
      hasToolResult: z.boolean().optional(),
    })
    .default({}),
  /** The rule answers at most this often. */
  times: z.number().int().min(1).optional(),
  steps: z.array(stepSchema).max(10_000),
  usage: usageSchema.optional(),
});

export const scriptSchema = z.strictObject({ rules: z.array(ruleSchema).max(10_000) });
export type Script = z.infer<typeof scriptSchema>;

/** What a rule can tell requests apart by, the same for every API. */
export interface Asked {
  model: string;
  /** The newest prompt of a person and everything after it, as text. */
  text: string;
  hasToolResult: boolean;
}

export interface Answer {
  /** Index of the rule; null when none fits. */
  rule: number | null;
  steps: readonly Step[];
  usage: ScriptUsage;
}

const defaultUsage: ScriptUsage = { input: 100, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, output: 10 };

/** A script at work: counts how often each rule fitted and answered. */
export class Playbook {
  readonly #script: Script;
  readonly #fitted = new Map<number, number>();
  readonly #answered = new Map<number, number>();

  constructor(script: Script) {
    this.#script = script;
  }

  /** The first rule that fits and is not used up. */
  answer(asked: Asked): Answer {
    for (const [rule, { match, times, steps, usage }] of this.#script.rules.entries()) {
      if (match.model !== undefined && match.model !== asked.model) continue;
      if (match.contains !== undefined && !asked.text.includes(match.contains)) continue;
      if (match.hasToolResult !== undefined && match.hasToolResult !== asked.hasToolResult) continue;
      const nth = (this.#fitted.get(rule) ?? 0) + 1;
      this.#fitted.set(rule, nth);
      if (match.nth !== undefined && match.nth !== nth) continue;
      const answered = this.#answered.get(rule) ?? 0;
      if (times !== undefined && answered >= times) continue;
      this.#answered.set(rule, answered + 1);
      return { rule, steps, usage: usage ?? defaultUsage };
    }
    return { rule: null, steps: [{ text: 'script: no rule' }], usage: defaultUsage };
  }
}
