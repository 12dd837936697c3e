/** Procedures about the rules in force: read, tried, replayed over what was recorded, and changed. */
import * as z from 'zod';
import { AppError } from '#protocol/error.ts';
import { policyLevels } from '#protocol/policy-event.ts';
import { prose } from '#protocol/prose.ts';
import type { SessionView } from '#protocol/session-view.ts';
import { maxWorkspaceText } from '#protocol/workspace-file.ts';
import { asker, type Context, procedure, procedureFor, router } from './context.ts';
import { find } from './session.ts';

const session = z.string().min(1).max(200);
const text = prose(maxWorkspaceText);

async function viewOf(ctx: Context, ref: string | undefined): Promise<SessionView | null> {
  if (ref === undefined) return null;
  const view = await ctx.services.log.view(await find(ctx, ref));
  if (!view) throw new AppError({ code: 'session.not-found', message: 'no such session' });
  return view;
}

const subjectSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('command'), text: prose(32_768).min(1) }),
  z.object({ kind: z.literal('path'), op: z.enum(['read', 'write', 'delete', 'list']), path: prose(4_096).min(1) }),
  z.object({ kind: z.literal('request'), method: prose(20).min(1), url: prose(2_000).min(1) }),
]);

/** Rules instead of those of a level. */
const edited = z.object({ level: z.enum(policyLevels), text });

export const policyRouter = router({
  /** Every rule in force in a session with whose it is; without one the server's. */
  effective: procedure.input(z.object({ session: session.optional() })).query(async ({ ctx, input }) => {
    return ctx.services.trials.effective(await viewOf(ctx, input.session));
  }),

  /** What would be said of an action, by the rules in force or by edited ones. Nothing happens. */
  test: procedure
    .input(z.object({ session: session.optional(), subject: subjectSchema, edited: edited.optional() }))
    .query(async ({ ctx, input }) => {
      return ctx.services.trials.test(await viewOf(ctx, input.session), input.subject, input.edited ?? null);
    }),

  /** What edited rules would have said of what was recorded, in one session or in the newest. */
  replay: procedure
    .input(z.object({ session: session.optional(), last: z.number().int().min(1).max(50).default(10), edited }))
    .query(async ({ ctx, input }) => {
      const { log, trials } = ctx.services;
      const one = await viewOf(ctx, input.session);
      const views = one ? [one] : (await log.list({ limit: input.last })).sessions.map(({ id }) => id);
      const replays = [];
      for (const each of views) {
        const view = typeof each === 'string' ? await log.view(each) : each;
        if (view) replays.push(await trials.replay(view, input.edited));
      }
      return { replays };
    }),

  /** Other rules of the server or of a session from now on; '' takes them back. Refused where `base` is not what holds. */
  change: procedureFor('owner')
    .input(
      z.object({
        level: z.enum(['server', 'session']),
        session: session.optional(),
        text,
        /** Hash of the rules that were edited, '' for none. */
        base: prose(64).optional(),
      }),
    )
    .mutation(async ({ ctx, input }) => {
      const { policies, runners, trials, turns, log } = ctx.services;
      const { level, text, base } = input;
      if (level === 'session' && input.session === undefined)
        throw new AppError({ code: 'input.invalid', message: 'session: missing; whose rules are they' });
      const view = level === 'session' ? await viewOf(ctx, input.session) : null;
      await policies.change({ level, text, base }, view, asker(ctx));
      for (const id of view ? [view.id] : runners.links.linked()) {
        const now = await log.view(id);
        if (now) turns.tellRules(now);
      }
      return trials.effective(view && (await log.view(view.id)));
    }),
});
