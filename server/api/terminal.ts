/** Procedures about terminals. */
import * as z from 'zod';
import { AppError } from '#protocol/error.ts';
import { colsSchema, commandSchema, lineSchema, rowsSchema } from '#protocol/event.ts';
import { newId, personIdSchema, type TerminalId, terminalIdSchema } from '#protocol/id.ts';
import type { SessionView } from '#protocol/session-view.ts';
import { programName } from '#server/runner/index.ts';
import { type Context, procedure, procedureFor, router } from './context.ts';
import { find } from './session.ts';

const terminalRef = z.object({ terminalId: terminalIdSchema });
/** A session and, in it, a terminal by id or name; absent: its first open one. */
const target = z.object({ session: z.string().min(1).max(200), terminalId: z.string().min(1).max(120).optional() });

/** Throws `session.paused`. */
function assertGoing(view: SessionView | null): void {
  if (view?.frozen)
    throw new AppError({ code: 'session.paused', message: `the session is ${view.frozen.reason}; resume it first` });
}

async function resolve(ctx: Context, input: z.infer<typeof target>): Promise<TerminalId> {
  const view = await ctx.services.log.view(await find(ctx, input.session));
  const terminals = view?.terminals ?? [];
  const wanted = input.terminalId;
  const named = terminals.filter((t) => t.terminalId === wanted || t.name === wanted);
  const found =
    wanted === undefined
      ? (terminals.find((t) => !t.closed) ?? terminals.at(-1))
      : (named.find((t) => !t.closed) ?? named.at(-1));
  if (!found) throw new AppError({ code: 'terminal.not-found', message: 'the session has no such terminal' });
  return found.terminalId;
}

export const terminalRouter = router({
  open: procedureFor('editor')
    .input(
      z.object({
        session: z.string().min(1).max(200),
        command: commandSchema.nullish(),
        name: lineSchema(120).optional(),
        cols: colsSchema.default(80),
        rows: rowsSchema.default(24),
      }),
    )
    .mutation(async ({ ctx, input }) => {
      const { log, runners, terminals } = ctx.services;
      const sessionId = await find(ctx, input.session);
      const view = await log.view(sessionId);
      const link = runners.links.get(sessionId);
      if (!link)
        throw new AppError({ code: 'session.not-running', message: `the session is ${view?.status}: ${view?.reason}` });
      assertGoing(view);
      const command = input.command ?? null;
      const shells = view?.terminals.filter((t) => t.command === null).length ?? 0;
      const terminalId = newId('terminal', ctx.services);
      const name = input.name ?? programName(command, shells + 1);
      const { cols, rows } = input;
      terminals.expect(sessionId, terminalId, ctx.person);
      await link.request({ type: 'terminal.open', terminalId, name, command, cols, rows });
      await terminals.untilOpened(sessionId, terminalId, view?.lastSeq ?? 0);
      return { terminalId };
    }),

  close: procedureFor('editor')
    .input(terminalRef)
    .mutation(async ({ ctx, input }) => {
      const sessionId = await ctx.services.terminals.sessionOf(input.terminalId);
      const link = ctx.services.runners.links.get(sessionId);
      if (!link)
        throw new AppError({ code: 'session.not-running', message: 'no runner to ask; it is dialled again by itself' });
      await link.request({ type: 'terminal.close', terminalId: input.terminalId });
      return {};
    }),

  resolve: procedure.input(target).query(async ({ ctx, input }) => ({ terminalId: await resolve(ctx, input) })),

  screen: procedure
    .input(target)
    .query(async ({ ctx, input }) => ctx.services.terminals.screen(await resolve(ctx, input))),

  resize: procedureFor('editor')
    .input(target.extend({ cols: colsSchema, rows: rowsSchema }))
    .mutation(async ({ ctx, input }) => {
      await ctx.services.terminals.resize(await resolve(ctx, input), ctx.person, input.cols, input.rows);
      return {};
    }),

  take: procedureFor('editor')
    .input(target)
    .mutation(async ({ ctx, input }) => {
      await ctx.services.terminals.take(await resolve(ctx, input), ctx.person);
      return {};
    }),

  /** Hands over to `to`, or releases with null. */
  give: procedureFor('editor')
    .input(target.extend({ to: personIdSchema.nullable() }))
    .mutation(async ({ ctx, input }) => {
      await ctx.services.terminals.give(await resolve(ctx, input), ctx.person, input.to);
      return {};
    }),

  /** A page of older output; `before` is what the page after it answered, null for the newest. */
  history: procedure
    .input(terminalRef.extend({ before: z.number().int().min(0).nullish() }))
    .query(({ ctx, input }) => ctx.services.terminals.history(input.terminalId, input.before ?? null)),
});
