/**
 * Work on checkouts that a process of its own does for the host: one that may read the source, and that has a mount namespace
 * of its own (overlay/mounter.ts, `mountNamespace`) where overlays are concerned.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { AppError } from '#protocol/error.ts';
import type { CheckoutMethod } from './checkout.ts';
import { compareCheckouts } from './compare.ts';
import { keepCreated } from './created.ts';
import { defaultLimits } from './limits.ts';
import {
  checkoutView,
  ensureBase,
  OverlayCheckouts,
  readGitSource,
  reapBases,
  systemMounter,
} from './overlay/index.ts';
import { handOverOne } from './owner.ts';
import { createPlainCheckouts } from './plain-checkout.ts';
import { removeWhole } from './remove.ts';
import { reopenCheckout } from './reopen.ts';
import { findSource, translate } from './source.ts';

const path = z.string().startsWith('/').max(4_096);
const id = z.number().int().min(0);
/** Whom everything that is made belongs to; null: whoever runs this. */
const owner = z.object({ uid: id, gid: id }).nullable();
const restricted = z.array(z.string().startsWith('/')).max(1_000);

export const checkoutCommandSchema = z.discriminatedUnion('op', [
  z.object({
    op: z.literal('create'),
    method: z.enum(['overlay', 'copy']),
    /** Folder that holds `bases/`. */
    data: path,
    directory: path,
    source: path,
    branch: z.string().max(250).nullable(),
    includesChanges: z.boolean(),
    restricted,
    owner,
  }),
  z.object({ op: z.literal('remove'), directory: path, mode: z.enum(['if-saved', 'discard']) }),
  z.object({ op: z.literal('compare'), directory: path, against: path }),
  z.object({ op: z.literal('build-base'), data: path, source: path, restricted, owner }),
  z.object({ op: z.literal('reap'), data: path, maxAgeMs: id.optional(), maxBytes: id.optional() }),
]);
export type CheckoutCommand = z.infer<typeof checkoutCommandSchema>;
type Of<Op extends CheckoutCommand['op']> = Extract<CheckoutCommand, { op: Op }>;

const now = () => performance.now();

/** `{root, start, created}`; the fact is also left for the runner, whose `openCheckout` gives it back once. */
async function create(command: Of<'create'>): Promise<unknown> {
  const { method, data, owner } = command;
  const plain = { limits: defaultLimits, now, owner };
  const overlays = method === 'overlay' ? new OverlayCheckouts({ ...plain, data, mounter: systemMounter }) : null;
  const chosen: CheckoutMethod = overlays ?? createPlainCheckouts(plain);
  const { checkout, created } = await chosen.create(command);
  await keepCreated(command.directory, created, owner);
  await handOverOne(command.directory, owner);
  await overlays?.release(command.directory);
  return { root: checkout.root, start: checkout.start, created };
}

/** What removing came to, as a runner says it. */
async function remove({ directory, mode }: Of<'remove'>): Promise<unknown> {
  const checkout = await reopenCheckout(directory, systemMounter);
  if (!checkout) return { checkout: 'missing', reason: 'there is no checkout in the session folder' };
  return checkout.remove({ mode });
}

/** The difference, with the files of both mounted where they are not: what a runner changes meanwhile may show or not. */
async function compare({ directory, against }: Of<'compare'>): Promise<unknown> {
  for (const each of new Set([directory, against])) {
    const view = await checkoutView(each, { isReadOnly: true });
    if (view?.overlay) await systemMounter.overlay(view.overlay);
  }
  return compareCheckouts({ directory, against });
}

/** `{folder}` of the base; null for what is no git repository. */
async function buildBase(command: Of<'build-base'>): Promise<unknown> {
  const { data, owner, restricted } = command;
  const scratch = await mkdtemp(join(tmpdir(), 'omnigent-base-'));
  try {
    const source = await findSource(command.source);
    const request = { source, restricted, branch: null, includesChanges: false, scratch: join(scratch, 'reader') };
    const git = await readGitSource(request, { limits: defaultLimits, directory: null });
    return git && { folder: (await ensureBase(git, { data, directory: null, owner })).folder };
  } catch (cause) {
    throw translate(cause);
  } finally {
    await removeWhole(scratch);
  }
}

async function reap({ data, maxAgeMs, maxBytes }: Of<'reap'>): Promise<unknown> {
  const limits = { ...(maxAgeMs !== undefined && { maxAgeMs }), ...(maxBytes !== undefined && { maxBytes }) };
  return { removed: await reapBases({ data, now: Date.now(), ...limits }) };
}

function run(command: CheckoutCommand): Promise<unknown> {
  switch (command.op) {
    case 'create':
      return create(command);
    case 'remove':
      return remove(command);
    case 'compare':
      return compare(command);
    case 'build-base':
      return buildBase(command);
    case 'reap':
      return reap(command);
  }
}

/** The answer to one request: `{ok: true, result}`, or `{ok: false, code, message}` with the code of an AppError. */
export async function answerCommand(text: string): Promise<unknown> {
  try {
    return { ok: true, result: await run(checkoutCommandSchema.parse(JSON.parse(text))) };
  } catch (cause) {
    if (cause instanceof AppError) return { ok: false, code: cause.code, message: cause.message, detail: cause.detail };
    return { ok: false, code: 'checkout.failed', message: 'the request failed', detail: String(cause) };
  }
}
