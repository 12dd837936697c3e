/** Procedures about turns: prompts, their queue, what runs, and the text of items as it is written. */
import * as z from 'zod';
import { type ItemId, turnIdSchema } from '#protocol/id.ts';
import { prose } from '#protocol/prose.ts';
import { diffAgainstSchema } from '#protocol/runner-message.ts';
import { agentNameSchema, harnessTypeSchema, maxPrompt, modelSchema } from '#protocol/turn-event.ts';
import type { OpenText } from '#server/turn/index.ts';
import { usageOf } from '#server/usage/index.ts';
import { type Context, procedure, procedureFor, router, stream } from './context.ts';
import { find } from './session.ts';
import { follow } from './stream.ts';

const ref = z.object({ session: z.string().min(1).max(200) });
const promptSchema = prose(maxPrompt)
  .min(1)
  .refine((text) => text.trim() !== '', 'must not be blank');

/** Text of one item: `offset` is where `text` begins in the whole, in UTF-16 units; 0 begins anew. */
export interface ItemText extends OpenText {
  offset: number;
}

/** What is open now from its beginning, then whatever is added; a slow reader gets larger pieces. */
async function* textsOf(ctx: Context, session: string, signal: AbortSignal | undefined): AsyncGenerator<ItemText> {
  const { bus, texts } = ctx.services;
  const sessionId = await find(ctx, session);
  const sent = new Map<ItemId, { revision: number; offset: number }>();
  const changes = follow<ItemId>(signal, (push) => {
    for (const { itemId } of texts.of(sessionId)) push(itemId, itemId);
    return bus.subscribe(`text:${sessionId}`, (itemId) => push(itemId, itemId));
  });
  for await (const itemId of changes) {
    const item = texts.get(sessionId, itemId);
    const before = sent.get(itemId);
    const offset = before && before.revision === item?.revision ? before.offset : 0;
    if (!item || item.text.length <= offset) continue;
    sent.set(itemId, { revision: item.revision, offset: item.text.length });
    yield { ...item, offset, text: item.text.slice(offset) };
  }
}

export const turnRouter = router({
  /** Queues a prompt. The same `turnId` again is the same prompt. */
  send: procedureFor('editor')
    .input(
      ref.extend({
        prompt: promptSchema,
        agent: agentNameSchema.optional(),
        /** Adds the agent, or changes it from now on. */
        harness: harnessTypeSchema.optional(),
        model: modelSchema.nullish(),
        turnId: turnIdSchema.optional(),
      }),
    )
    .mutation(async ({ ctx, input: { session, ...input } }) => {
      const { turns, harnesses } = ctx.services;
      if (input.harness !== undefined) await harnesses.check(input.harness);
      const sessionId = await find(ctx, session);
      return { sessionId, ...(await turns.send({ sessionId, ...input, principal: ctx.person.personId })) };
    }),

  /** Starts an agent without a prompt, with another harness or model from now on where they are named. */
  open: procedureFor('editor')
    .input(
      ref.extend({
        agent: agentNameSchema,
        harness: harnessTypeSchema.optional(),
        model: modelSchema.nullish(),
      }),
    )
    .mutation(async ({ ctx, input: { session, ...wish } }) => {
      const { turns, harnesses } = ctx.services;
      if (wish.harness !== undefined) await harnesses.check(wish.harness);
      await turns.open(await find(ctx, session), wish, ctx.person.personId);
      return {};
    }),

  /** Adds to the running turn. */
  steer: procedureFor('editor')
    .input(ref.extend({ text: promptSchema }))
    .mutation(async ({ ctx, input }) => {
      const turnId = await ctx.services.turns.steer(await find(ctx, input.session), input.text, ctx.person.personId);
      return { turnId };
    }),

  interrupt: procedureFor('editor')
    .input(ref)
    .mutation(async ({ ctx, input }) => ({
      turnId: await ctx.services.turns.interrupt(await find(ctx, input.session), `interrupted by ${ctx.person.name}`),
    })),

  /** Puts a waiting prompt before another; null: to the end. */
  move: procedureFor('editor')
    .input(ref.extend({ turnId: turnIdSchema, before: turnIdSchema.nullable() }))
    .mutation(async ({ ctx, input: { session, turnId, before } }) => {
      await ctx.services.turns.move(await find(ctx, session), turnId, before, ctx.person.personId);
      return {};
    }),

  withdraw: procedureFor('editor')
    .input(ref.extend({ turnId: turnIdSchema }))
    .mutation(async ({ ctx, input: { session, turnId } }) => {
      await ctx.services.turns.withdraw(await find(ctx, session), turnId, ctx.person.personId);
      return {};
    }),

  /** Text of items that have not ended, as it is written. */
  text: procedure.input(ref).subscription(({ ctx, input, signal }) => stream(ctx, textsOf(ctx, input.session, signal))),

  /** How the checkout differs from its base, from where a turn began, or from that of a session that the caller may read. */
  diff: procedure
    .input(ref.extend({ against: diffAgainstSchema.default('base') }))
    .query(async ({ ctx, input: { session, against } }) => {
      const sessionId = await find(ctx, session);
      return ctx.services.differences.of(sessionId, against, (other) => find(ctx, other));
    }),

  /** Every call of a model in the session, oldest first, and their sum. */
  usage: procedure
    .input(ref)
    .query(async ({ ctx, input }) => usageOf(ctx.services.log, await find(ctx, input.session))),
});
