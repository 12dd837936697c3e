/** Procedures about people. */
import * as z from 'zod';
import { procedure, procedureFor, router } from './context.ts';

export const personRouter = router({
  me: procedure.query(({ ctx }) => ctx.person),

  /** A one-time sign-in link, for oneself or for the local person `as`, who is created on first use. */
  link: procedureFor('owner')
    .input(z.object({ as: z.string().max(120).optional() }))
    .mutation(async ({ ctx, input }) => {
      const { auth, url } = ctx.services;
      const token = await auth.createLink(input.as ?? ctx.person.name);
      return { url: `${url()}/sign-in#t=${token}` };
    }),
});
