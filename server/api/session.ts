/** Procedures about sessions. */
import { tracked } from '@trpc/server';
import * as z from 'zod';
import { AppError } from '#protocol/error.ts';
import { colsSchema, commandSchema, type EventType, rowsSchema } from '#protocol/event.ts';
import type { SessionId } from '#protocol/id.ts';
import { sandboxKindSchema, sandboxViewSchema } from '#protocol/sandbox.ts';
import { attentionSchema, type SessionView } from '#protocol/session-view.ts';
import { agentNameSchema, harnessTypeSchema, modelSchema } from '#protocol/turn-event.ts';
import type { PresenceChange, Present } from '#server/presence/index.ts';
import type { Activity } from '#server/terminal/index.ts';
import { agentNameFor } from '#server/turn/index.ts';
import { type Context, procedure, procedureFor, router, stream } from './context.ts';
import { processes } from './process.ts';
import { follow, until } from './stream.ts';

/** An id or a unique name. */
const ref = z.object({ session: z.string().min(1).max(200) });
const seq = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/** How long `create` waits for the first terminal when asked to, in ms. */
const openMs = 120_000;

export const find = async (ctx: Context, session: string): Promise<SessionId> => ctx.services.log.resolve(session);

/** Waits until a new session's first terminal is open, or its checkout there. Throws with the reason when it failed instead. */
async function untilOpen(ctx: Context, sessionId: SessionId, awaited: EventType, signal: AbortSignal): Promise<void> {
  for await (const event of ctx.services.log.subscribe(sessionId, 0, signal)) {
    if (event.type === awaited) return;
    if (event.type === 'session.failed' || event.type === 'session.interrupted') {
      throw new AppError({ code: 'checkout.failed', message: event.payload.reason });
    }
    const isStopped = event.type === 'session.paused' && event.payload.programs !== 'frozen';
    if (isStopped || event.type === 'session.ended') {
      throw new AppError({ code: 'session.conflict', message: 'the session was stopped before it was ready' });
    }
  }
}

async function* eventsAfter(ctx: Context, session: string, after: number, signal = new AbortController().signal) {
  const sessionId = await find(ctx, session);
  for await (const event of ctx.services.log.subscribe(sessionId, after, signal)) {
    yield tracked(String(event.seq), event);
  }
}

async function* presentIn(ctx: Context, session: string, place: string, signal: AbortSignal | undefined) {
  const { bus, presence, terminals } = ctx.services;
  const sessionId = await find(ctx, session);
  await terminals.join(sessionId, ctx.person);
  yield* follow<Present[]>(signal, (push) => {
    const stop = bus.subscribe('presence', (change) => {
      if (change.sessionId === sessionId) push('list', change.present);
    });
    const leave = presence.enter(sessionId, ctx.person, place);
    return () => {
      stop();
      leave();
    };
  });
}

export const sessionRouter = router({
  list: procedure
    .input(
      z.object({
        group: attentionSchema.optional(),
        cursor: z.string().max(200).nullish(),
        limit: z.number().int().min(1).max(200).default(50),
      }),
    )
    .query(async ({ ctx, input }) => {
      const { log, presence } = ctx.services;
      const [page, counts] = await Promise.all([
        log.list({ group: input.group, cursor: input.cursor, limit: input.limit }),
        log.counts(),
      ]);
      const present = Object.fromEntries(page.sessions.map((view) => [view.id, presence.list(view.id)]));
      return { ...page, counts, present };
    }),

  get: procedure.input(ref).query(({ ctx, input }) => ctx.services.log.open(input.session, 50)),

  history: procedure
    .input(
      ref.extend({
        before: seq.optional(),
        after: seq.optional(),
        limit: z.number().int().min(1).max(2_000).default(100),
      }),
    )
    .query(async ({ ctx, input }) => {
      const { before, after, limit } = input;
      const range = before === undefined ? { after: after ?? 0, limit } : { before, limit };
      return ctx.services.log.read(await find(ctx, input.session), range);
    }),

  search: procedure
    .input(z.object({ query: z.string().min(1).max(200), before: z.string().max(200).nullish() }))
    .query(({ ctx, input }) => ctx.services.log.search({ query: input.query, before: input.before, limit: 50 })),

  create: procedureFor('editor')
    .input(
      z.object({
        name: z.string().max(200).optional(),
        /** Folder to work on; with a workspace file what its `base_dir` is relative to. */
        dir: z.string().min(1).max(4096).optional(),
        /** Absolute path of a workspace file on the server's machine: its rules hold, and agents work in its `base_dir`. */
        workspace: z.string().min(1).max(4096).optional(),
        includeChanges: z.boolean().optional(),
        sandbox: sandboxKindSchema.optional(),
        command: commandSchema.nullish(),
        cols: colsSchema.optional(),
        rows: rowsSchema.optional(),
        /** The type of the first agent; without one a terminal opens. */
        harness: harnessTypeSchema.optional(),
        model: modelSchema.optional(),
        /** What the first agent is called. */
        agent: agentNameSchema.optional(),
        /** Answer only when the first terminal is open, or the checkout is there. */
        wait: z.boolean().default(true),
      }),
    )
    .mutation(async ({ ctx, input }) => {
      const { harness, model = null, agent, wait, dir, workspace, ...request } = input;
      const place = await ctx.services.policies.place(workspace ?? null, dir ?? null);
      if (harness !== undefined) await ctx.services.harnesses.check(harness);
      const first = harness === undefined ? undefined : { agent: agent ?? agentNameFor(harness), harness, model };
      const created = await ctx.services.lifecycle.create({ ...request, ...place, agent: first }, ctx.person);
      const awaited = created.terminalId === null ? 'checkout.created' : 'terminal.opened';
      if (wait) await until(openMs, (signal) => untilOpen(ctx, created.sessionId, awaited, signal));
      const { warnings = [] } = place.policy ?? {};
      return { ...created, warnings, url: `${ctx.services.url()}/sessions/${created.sessionId}` };
    }),

  /** What its programs see, as its runner knows it; null while it has none. */
  sandboxView: procedure.input(ref).query(async ({ ctx, input }) => {
    const link = ctx.services.runners.links.get(await find(ctx, input.session));
    return link && sandboxViewSchema.parse(await link.request({ type: 'sandbox.view' }));
  }),

  /** Whether new sessions can have a sandbox. `problem`: why not, and what to install; null where they can. */
  sandbox: procedure.query(({ ctx }) => ({ problem: ctx.services.lifecycle.sandboxProblem })),

  stop: procedureFor('editor')
    .input(ref)
    .mutation(async ({ ctx, input }) => {
      await ctx.services.lifecycle.stop(await find(ctx, input.session), ctx.person);
      return {};
    }),

  /** `isFrozen`: nothing runs any more; false where its runner cannot be told before it is back. */
  pause: procedureFor('editor')
    .input(ref)
    .mutation(async ({ ctx, input }) => ({
      isFrozen: await ctx.services.lifecycle.pause(await find(ctx, input.session), ctx.person),
    })),

  resume: procedureFor('editor')
    .input(ref)
    .mutation(async ({ ctx, input }) => {
      await ctx.services.lifecycle.resume(await find(ctx, input.session), ctx.person);
      return {};
    }),

  end: procedureFor('owner')
    .input(ref.extend({ discard: z.boolean().default(false) }))
    .mutation(async ({ ctx, input }) =>
      ctx.services.lifecycle.end(await find(ctx, input.session), ctx.person, input.discard),
    ),

  processes: procedure.query(({ ctx }) => processes(ctx.services)),

  /** Every event after `after`, then each new one; resumes by the id of the last one seen. */
  events: procedure
    .input(ref.extend({ after: seq.default(0), lastEventId: z.coerce.number().pipe(seq).nullish() }))
    .subscription(({ ctx, input, signal }) =>
      stream(ctx, eventsAfter(ctx, input.session, input.lastEventId ?? input.after, signal)),
    ),

  /** The view of each session that changes, from now on. */
  changes: procedure.subscription(({ ctx, signal }) =>
    stream(
      ctx,
      follow<{ view: SessionView }>(signal, (push) =>
        ctx.services.bus.subscribe('sessions', (view) => push(view.id, { view })),
      ),
    ),
  ),

  /** What terminals show at a glance, as it changes. */
  activity: procedure.subscription(({ ctx, signal }) =>
    stream(
      ctx,
      follow<Activity>(signal, (push) =>
        ctx.services.bus.subscribe('activity', (activity) => push(activity.terminalId, activity)),
      ),
    ),
  ),

  /** Who is in the session. Whoever is subscribed is present, at `place`. */
  presence: procedure
    .input(ref.extend({ place: z.string().max(120).default('') }))
    .subscription(({ ctx, input, signal }) => stream(ctx, presentIn(ctx, input.session, input.place, signal))),

  /** Who comes into and leaves any session, from now on; does not make the caller present. */
  visitors: procedure.subscription(({ ctx, signal }) =>
    stream(
      ctx,
      follow<PresenceChange>(signal, (push) =>
        ctx.services.bus.subscribe('presence', (change) => push(change.sessionId, change)),
      ),
    ),
  ),
});
