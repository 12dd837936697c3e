/** What a host tells a runner it starts, through the runner's standard input. */
import * as z from 'zod';
import { colsSchema, commandSchema, lineSchema, rowsSchema } from './event.ts';
import { runnerIdSchema, sessionIdSchema, terminalIdSchema } from './id.ts';
import { policyPlaceSchema } from './policy-event.ts';
import { sandboxKindSchema } from './sandbox.ts';
import { agentNameSchema, harnessTypeSchema, modelSchema } from './turn-event.ts';

export const launchSchema = z.object({
  sessionId: sessionIdSchema,
  runnerId: runnerIdSchema,
  epoch: z.number().int().min(1),
  /** Bearer key of this runner; works for this session and epoch only. */
  key: z.string().min(40).max(100),
  /** Path of the server's `server.json`, read again before every dial because a restarted server may have another port. */
  serverFile: z.string(),
  /** The session's own folder: checkout/, journal, run files. */
  directory: z.string(),
  source: z.string(),
  branch: z.string().nullable(),
  includesChanges: z.boolean(),
  isolation: z.enum(['namespaces', 'process-group']),
  /** What programs run in. `none`: somebody chose that. */
  sandbox: sandboxKindSchema,
  /** Shown as a badge where isolation is less than it should be. */
  warning: z.string().max(400).nullable(),
  /** Whose name commits carry where the repository does not say; null: nobody's. */
  author: z.object({ name: z.string().max(400), email: z.string().max(400) }).nullable(),
  /** Absolute paths of agent programs by the name of the variable that gave them, e.g. `OMNIGENT_CLAUDE_BIN`. */
  programs: z.record(z.string(), z.string()),
  /** Null: no workspace file is in force. */
  policy: policyPlaceSchema.nullable(),
  /** How long an action without a verdict is held, in ms. */
  holdMs: z.number().int().min(1),
  /** Who is asked next, as far as one can tell: it may be started before. Null where no agent works. */
  agent: z
    .object({
      name: agentNameSchema,
      harness: harnessTypeSchema,
      model: modelSchema.nullable(),
      conversation: z.string().nullable(),
    })
    .nullable(),
  /** Terminal to open as soon as the checkout is there; null where agents work. */
  terminal: z
    .object({
      terminalId: terminalIdSchema,
      name: lineSchema(120),
      command: commandSchema.nullable(),
      cols: colsSchema,
      rows: rowsSchema,
    })
    .nullable(),
});
export type Launch = z.infer<typeof launchSchema>;
