/** Procedures about pushes to one's own browsers. For those who decide about approvals: nobody else is told of them. */
import * as z from 'zod';
import { browserNameSchema, pushSubscriptionSchema, subscriptionIdSchema } from '#protocol/push.ts';
import { procedure, procedureFor, router } from './context.ts';

const ref = z.object({ id: subscriptionIdSchema });

export const notifyRouter = router({
  /** The key that a browser subscribes with; made the first time. */
  prepare: procedureFor('editor').mutation(async ({ ctx }) => ({ publicKey: await ctx.services.notify.prepare() })),

  /** One's own browsers, newest first, without their addresses. */
  list: procedure.query(({ ctx }) => ctx.services.notify.list(ctx.person.personId)),

  /** Pushes go to this browser from now on. */
  subscribe: procedureFor('editor')
    .input(pushSubscriptionSchema.extend({ browser: browserNameSchema }))
    .mutation(async ({ ctx, input: { browser, ...target } }) => ({
      id: await ctx.services.notify.subscribe(target, browser, ctx.person.personId),
    })),

  /** One of one's own gets none any more. */
  unsubscribe: procedure.input(ref).mutation(async ({ ctx, input }) => {
    await ctx.services.notify.unsubscribe(input.id, ctx.person.personId);
    return {};
  }),

  /** Pushes something to see to one of one's own, and says whether its push service took it. */
  test: procedureFor('editor')
    .input(ref)
    .mutation(async ({ ctx, input }) => {
      await ctx.services.notify.test(input.id, ctx.person.personId);
      return {};
    }),
});
