/** Procedures about the log as an audit. For owners: it holds every session. */
import * as z from 'zod';
import { type EventType, eventTypes } from '#protocol/event.ts';
import { prose } from '#protocol/prose.ts';
import { procedureFor, router } from './context.ts';

const procedure = procedureFor('owner');
const chain = prose(60).min(1);

export const auditRouter = router({
  /** Checks every chain against itself and its anchors. Reads the whole log. */
  verify: procedure.query(({ ctx }) => ctx.services.audit.verify()),

  /** Rows as they are stored, by chain and seq, after the last one that was read. */
  read: procedure
    .input(
      z.object({
        after: z
          .object({ chain, seq: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER) })
          .nullable()
          .default(null),
        limit: z.number().int().min(1).max(1_000).default(500),
      }),
    )
    .query(({ ctx, input }) => ctx.services.audit.read(input.after, input.limit)),

  /** What happened, newest first: by whom, of which types, in which session, with which words. */
  find: procedure
    .input(
      z.object({
        principal: prose(60).optional(),
        types: z.array(z.enum(eventTypes)).max(eventTypes.length).optional(),
        session: chain.optional(),
        text: prose(200).optional(),
        /** `next` of an earlier page. */
        cursor: prose(200).nullish(),
        limit: z.number().int().min(1).max(200).default(100),
      }),
    )
    .query(({ ctx, input: { cursor, ...filter } }) => ctx.services.audit.find({ ...filter, before: cursor })),

  /** What can be searched for: every type there is, and everyone who is known. */
  choices: procedure.query(async ({ ctx }) => ({
    types: eventTypes as readonly EventType[],
    people: await ctx.services.auth.people(),
  })),
});
