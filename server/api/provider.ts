/** Procedures about providers of models. Nothing here ever answers with a key. */
import * as z from 'zod';
import { providerKeySchema, providerNameSchema, providerUrlSchema } from '#protocol/provider.ts';
import { procedure, procedureFor, router } from './context.ts';

const name = z.object({ name: providerNameSchema });

export const providerRouter = router({
  /** Each provider, whether it has a key, and where that comes from. */
  list: procedure.query(({ ctx }) => ctx.services.providers.list()),

  /** Stores key and address; they count from the next model call on. The address is the provider's own unless given. */
  set: procedureFor('owner')
    .input(name.extend({ key: providerKeySchema, baseUrl: providerUrlSchema.nullable().default(null) }))
    .mutation(async ({ ctx, input }) => {
      await ctx.services.providers.set(input, ctx.person.personId);
    }),

  /** Forgets what is stored; the environment counts again. */
  remove: procedureFor('owner')
    .input(name)
    .mutation(async ({ ctx, input }) => {
      await ctx.services.providers.remove(input.name, ctx.person.personId);
    }),
});
