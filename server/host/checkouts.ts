/** Makes, removes and compares sessions' checkouts in processes of their own, which may read what runners may not. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { AppError, type ErrorCode, errorCodes } from '#protocol/error.ts';
import type { Launch } from '#protocol/launch.ts';
import { type CheckoutDiff, checkoutDiffSchema, type StopResult, stopResultSchema } from '#protocol/runner-message.ts';
import { chooseMethod, hasCheckout, mountNamespace } from '#runner/checkout/index.ts';
import { type Environment, type Isolation, sandboxAccount, scrubEnvironment } from '#runner/sandbox/index.ts';

export interface Checkouts {
  /** Makes the session's checkout where it has none. Throws AppError `source.invalid`, `input.invalid`, `checkout.failed`. */
  make(launch: Pick<Launch, 'directory' | 'source' | 'branch' | 'includesChanges' | 'policy'>): Promise<void>;
  /** Settles the checkout of a session whose runner is gone. `missing` when there is none. */
  remove(options: { directory: string; mode: 'if-saved' | 'discard' }): Promise<StopResult>;
  compare(options: { directory: string; against: string }): Promise<CheckoutDiff>;
}

export interface CheckoutsOptions {
  /** `$OMNIGENT_HOME`: holds `bases/`. */
  home: string;
  /** `dist/checkout.js`. */
  program: string;
  isolation: Promise<Isolation>;
  env: Environment;
  /** Which way checkouts are made; `auto`: as overlays where that works. */
  method: 'auto' | 'copy';
  log: (line: string) => void;
}

const answerSchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({ ok: z.literal(false), code: z.string(), message: z.string(), detail: z.string().optional() }),
]);

const isCode = (code: string): code is ErrorCode => Object.hasOwn(errorCodes, code);

/** Ends with this server: what a dead one began is begun anew by the next. */
const withServer = ['setpriv', '--pdeathsig', 'KILL', '--'];

export function createCheckouts({ home, program, isolation, env, log, ...options }: CheckoutsOptions): Checkouts {
  const owner = sandboxAccount();
  const method = isolation.then(async (kind) => {
    if (kind !== 'namespaces' || options.method === 'copy') return 'copy';
    const chosen = await chooseMethod(home, owner);
    if (chosen.method === 'copy') log(`host: ${chosen.reason}`);
    return chosen.method;
  });
  const making = new Map<string, Promise<void>>();

  async function run(command: object): Promise<unknown> {
    const mayMount = (await isolation) === 'namespaces';
    const prefix = mayMount ? [...withServer, ...mountNamespace(process.getuid?.() ?? 0)] : [];
    const [file = process.execPath, ...args] = [...prefix, process.execPath, program];
    const child = spawn(file, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: scrubEnvironment(env) as NodeJS.ProcessEnv,
      cwd: '/',
    });
    child.stdin.on('error', () => undefined).end(JSON.stringify(command));
    const [output, complaint] = await Promise.all([text(child.stdout), text(child.stderr)]);
    const parsed = answerSchema.safeParse(tryParse(output));
    if (!parsed.success) throw failed(complaint);
    if (parsed.data.ok) return parsed.data.result;
    const { code, message, detail } = parsed.data;
    throw new AppError({ code: isCode(code) ? code : 'checkout.failed', message, ...(detail && { detail }) });
  }

  async function make(launch: Parameters<Checkouts['make']>[0]): Promise<void> {
    const { directory, source, branch, includesChanges, policy } = launch;
    if (await hasCheckout(directory)) return;
    const restricted = policy?.restricted ?? [];
    const request = { directory, source, branch, includesChanges, restricted, data: home, owner };
    await run({ op: 'create', method: await method, ...request });
  }

  return {
    async make(launch) {
      const { directory } = launch;
      const work = making.get(directory) ?? make(launch).finally(() => making.delete(directory));
      making.set(directory, work);
      return work;
    },
    remove: async (options) => stopResultSchema.parse(await run({ op: 'remove', ...options })),
    compare: async (options) => checkoutDiffSchema.parse(await run({ op: 'compare', ...options })),
  };
}

function tryParse(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    return null;
  }
}

const failed = (detail: string) =>
  new AppError({
    code: 'checkout.failed',
    message: `the work on the checkout ended: ${detail.trim().slice(-300)}`,
    detail,
  });
