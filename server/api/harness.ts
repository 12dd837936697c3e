/** Procedures about harnesses: which there are, whether their programs can be used, and installing one on request. */
import * as z from 'zod';
import { harnessTypeSchema } from '#protocol/turn-event.ts';
import { procedure, procedureFor, router } from './context.ts';

export const harnessRouter = router({
  list: procedure.query(({ ctx }) => ctx.services.harnesses.list()),

  /** Runs npm on the server's machine; may take minutes. */
  install: procedureFor('owner')
    .input(z.object({ type: harnessTypeSchema }))
    .mutation(({ ctx, input }) => ctx.services.harnesses.install(input.type)),
});
