/** Procedures about approvals: what waits for people, and their decisions. */
import * as z from 'zod';
import { decisions, findings, noteSchema } from '#protocol/approval.ts';
import { approvalIdSchema, sessionIdSchema } from '#protocol/id.ts';
import { prose } from '#protocol/prose.ts';
import { asker, procedure, procedureFor, router } from './context.ts';

const ref = z.object({ id: approvalIdSchema });

export const approvalRouter = router({
  /** What waits, oldest first, and the newest that were decided. */
  list: procedure
    .input(
      z.object({
        decided: z.number().int().min(0).max(100).default(20),
        /** Only what waits in this session. */
        session: sessionIdSchema.nullable().default(null),
      }),
    )
    .query(({ ctx, input }) => ctx.services.approvals.list(input.decided, input.session)),

  /** How many wait. */
  count: procedure.query(({ ctx }) => ctx.services.approvals.count()),

  /** With why the caller may not approve it. */
  get: procedure.input(ref).query(async ({ ctx, input }) => {
    const { approvals } = ctx.services;
    return approvals.seenBy(await approvals.get(input.id), ctx.person);
  }),

  /** What allowing it for its session would have allowed there so far. */
  radius: procedure.input(ref).query(({ ctx, input }) => ctx.services.approvals.radius(input.id)),

  /** The newest decisions about the same program with the same effect, in any session. */
  similar: procedure.input(ref).query(({ ctx, input }) => ctx.services.approvals.similar(input.id)),

  /** Somebody looks at it. */
  show: procedureFor('editor')
    .input(ref)
    .mutation(async ({ ctx, input }) => {
      await ctx.services.approvals.show(input.id, ctx.person);
      return {};
    }),

  /** Of several who decide one succeeds; the others are told who it was. */
  decide: procedureFor('editor')
    .input(
      ref.extend({
        decision: z.enum(decisions),
        note: noteSchema.nullable().default(null),
        /** A command to run in place of what was asked; judged like any other. */
        edit: prose(32_768).nullable().default(null),
        /** The same again needs no decision in this session. */
        forSession: z.boolean().default(false),
        /** What was seen; another one is refused. */
        hash: z
          .string()
          .regex(/^[0-9a-f]{64}$/)
          .nullable()
          .default(null),
      }),
    )
    .mutation(async ({ ctx, input: { id: approvalId, ...request } }) => {
      const { approvals } = ctx.services;
      return approvals.seenBy(await approvals.decide({ approvalId, ...request }, asker(ctx)), ctx.person);
    }),

  /** Somebody has looked whether an action that was approved, and is not known of, happened. */
  settle: procedureFor('editor')
    .input(ref.extend({ found: z.enum(findings) }))
    .mutation(async ({ ctx, input }) => {
      const { approvals } = ctx.services;
      return approvals.seenBy(await approvals.settle(input.id, input.found, asker(ctx)), ctx.person);
    }),

  /** What was allowed for the session is asked about again. */
  revoke: procedureFor('editor')
    .input(ref)
    .mutation(async ({ ctx, input }) => {
      await ctx.services.approvals.revoke(input.id, asker(ctx));
      return {};
    }),
});
