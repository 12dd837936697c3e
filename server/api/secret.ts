/** Procedures about secrets that agents use without seeing them. Nothing here ever answers with a value. */
import * as z from 'zod';
import {
  secretMethodSchema,
  secretNameSchema,
  secretPlaceSchema,
  secretUseSchema,
  secretValueSchema,
} from '#protocol/secret.ts';
import { procedure, procedureFor, router } from './context.ts';

const name = z.object({ name: secretNameSchema });

export const secretRouter = router({
  /** Each secret, where it may go and when it was used last. */
  list: procedure.query(({ ctx }) => ctx.services.secrets.list()),

  /** Stores a value with where it may go, in place of what was stored under this name; it counts from the next request on. */
  set: procedureFor('owner')
    .input(
      name.extend({
        value: secretValueSchema,
        url: secretPlaceSchema,
        use: secretUseSchema,
        /** Null: every method that carries a credential. */
        methods: z.array(secretMethodSchema).min(1).max(10).nullable().default(null),
      }),
    )
    .mutation(({ ctx, input: { url, ...wanted } }) => {
      return ctx.services.secrets.set({ ...wanted, ...url }, ctx.person.personId);
    }),

  remove: procedureFor('owner')
    .input(name)
    .mutation(async ({ ctx, input }) => {
      await ctx.services.secrets.remove(input.name, ctx.person.personId);
    }),

  /** Seals everything that is stored under a new secret key. */
  rotate: procedureFor('owner').mutation(({ ctx }) => ctx.services.rotation.rotate(ctx.person.personId)),
});
