/** The sandbox of one session from the runner's side: made ready before the session is known, tested, and tested again every hour. */
import { access, constants, mkdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#protocol/error.ts';
import type { Launch } from '#protocol/launch.ts';
import type { SandboxView } from '#protocol/sandbox.ts';
import { type Account, makeTemporary, sandboxAccount } from './account.ts';
import { BubblewrapSandbox } from './bubblewrap.ts';
import type { Environment } from './environment.ts';
import { openNetwork, type SandboxNetwork, sandboxPort } from './network.ts';
import { noSandbox } from './program.ts';
import type { Sandbox } from './sandbox.ts';
import { type Probe, testSandbox } from './self-test.ts';
import { findTools, type Tools } from './tools.ts';

/** How often a sandbox is tested while programs run in it. */
const testEveryMs = 60 * 60_000;

/** Made before anybody has asked for it. Both promises may reject; nobody has to listen. */
export interface Preparation {
  tools: Tools;
  account: Account | null;
  network: Promise<SandboxNetwork>;
  probes: Promise<Probe[]>;
}

/** Throws an Error that says what to install. */
export function prepareSandbox(): Preparation {
  const tools = findTools(process.env.PATH);
  const account = sandboxAccount();
  const network = openNetwork(tools, account);
  const probes = network.then((opened) => test(opened, account));
  for (const each of [network, probes]) each.catch(() => undefined);
  return { tools, account, network, probes };
}

async function test(network: SandboxNetwork, account: Account | null): Promise<Probe[]> {
  const directory = await makeTemporary('omnigent-sandbox-', account);
  try {
    return await testSandbox({ directory, env: process.env, network, account });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** What a sandbox failed at, as one sentence; null: it holds. */
export function failureOf(probes: readonly Probe[]): string | null {
  const failed = probes.filter(({ ok }) => !ok);
  const [first] = failed;
  if (!first) return null;
  const more = failed.length > 1 ? `, and ${failed.length - 1} more` : '';
  return `${first.name}: ${first.detail}${more}`;
}

const refused = (why: string, cause?: unknown) =>
  new AppError({
    code: 'sandbox.failed',
    message: `The sandbox does not hold here (${why}): nothing is started. \`omnigent sandbox test\` shows more; \`--sandbox none\` goes without.`,
    cause,
  });

export interface SessionSandbox {
  sandbox: Sandbox;
  /** Where the agent port listens; absent: at a free port of the machine. */
  at?: { listener: SandboxNetwork['listener']; port: number };
  /** Rejects with `sandbox.failed` where it does not hold; nothing may be started before. */
  tested: Promise<void>;
  /** What its programs see. */
  view(): Omit<SandboxView, 'hidden'>;
  close(): void;
}

const noView: Omit<SandboxView, 'hidden'> = {
  ...{ kind: 'none', writable: ['/'], readOnly: [], pinned: [], tested: null },
  uid: process.getuid?.() ?? null,
};

function nothing(cause: AppError): SessionSandbox {
  const tested = Promise.reject(cause);
  tested.catch(() => undefined);
  const wrap = () => Promise.reject(cause);
  const sandbox: Sandbox = { ...noSandbox('process-group', {}), kind: 'bubblewrap', holds: () => false, wrap };
  return { sandbox, tested, view: () => ({ ...noView, kind: 'bubblewrap', writable: [] }), close: () => undefined };
}

export interface SessionSandboxOptions {
  launch: Pick<Launch, 'sandbox' | 'isolation' | 'directory' | 'author' | 'programs'>;
  /** Absent: everything is made now. */
  preparation?: Preparation | null | undefined;
  /** It does not hold any more. */
  onFailed: (why: string) => void;
}

/** Without a sandbox there is no program either: what is returned then starts nothing, and says why. */
export async function openSessionSandbox(options: SessionSandboxOptions): Promise<SessionSandbox> {
  const { launch } = options;
  if (launch.sandbox === 'none') {
    const sandbox = noSandbox(launch.isolation, await homeFor(launch.directory));
    return { sandbox, tested: Promise.resolve(), view: () => noView, close: () => undefined };
  }
  try {
    return await openBubblewrap(options);
  } catch (cause) {
    return nothing(refused(cause instanceof Error ? cause.message : String(cause), cause));
  }
}

/** The person's home, or where this process may not enter it, as under root's server, one of the session's own. */
async function homeFor(directory: string): Promise<Environment> {
  const { HOME } = process.env;
  const mayEnter =
    HOME !== undefined &&
    (await access(HOME, constants.R_OK | constants.X_OK).then(
      () => true,
      () => false,
    ));
  if (mayEnter) return process.env;
  const own = join(directory, 'home');
  await mkdir(own, { recursive: true, mode: 0o700 });
  return { ...process.env, HOME: own };
}

async function openBubblewrap({ launch, preparation, onFailed }: SessionSandboxOptions): Promise<SessionSandbox> {
  const { tools, account, network: opening, probes } = preparation ?? prepareSandbox();
  const [network, directory] = await Promise.all([opening, realpath(launch.directory)]);
  const { author, programs } = launch;
  // Programs of agents may be started by others in their place.
  const shown = (programs.OMNIGENT_AGENT_PATH ?? '').split(':').filter((folder) => folder !== '');
  const sandbox = await BubblewrapSandbox.open({
    ...{ directory, env: process.env, tools, network, author, account, shown },
  });
  let newest: SandboxView['tested'] = null;
  const judge = (found: readonly Probe[]): string | null => {
    const failure = failureOf(found);
    newest = { at: new Date().toISOString(), probes: found.length, failure };
    return failure;
  };
  const tested = probes.then((found) => {
    const failure = judge(found);
    if (failure !== null) throw refused(failure);
  });
  tested.catch(() => undefined);
  const again = async () => {
    const failure = judge(await test(network, account));
    if (failure !== null) onFailed(failure);
  };
  const timer = setInterval(() => void again(), testEveryMs).unref();
  return {
    sandbox,
    at: { listener: network.listener, port: sandboxPort },
    tested,
    view: () => ({ kind: 'bubblewrap', ...sandbox.view(), tested: newest }),
    close() {
      clearInterval(timer);
      network.close();
    },
  };
}
