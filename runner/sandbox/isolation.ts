/** Finds out by trying whether programs can get PID namespaces here. Knows nothing of sessions or terminals. */
import { spawn } from 'node:child_process';
import { access, constants, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type Account, asAccount, sandboxAccount } from './account.ts';
import { type Environment, scrubEnvironment } from './environment.ts';

export type Isolation = 'namespaces' | 'process-group';

/** `warning` is shown to people: what is missing and how to get it, at most 400 characters; null when nothing is. */
export interface IsolationFacts {
  isolation: Isolation;
  warning: string | null;
}

/** What unshare(1) does for a runner beside what its files need: a PID namespace of its own (architecture.md, Processes). */
export const namespaceOptions = ['--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc'];

/** The namespaces that a runner gets; the command follows. */
function namespaceArguments(account: Account | null): string[] {
  const uid = account?.uid ?? process.getuid?.() ?? 0;
  const asItself = uid === 0 ? [] : ['--user', '--map-current-user'];
  return [...asAccount(account, 'setpriv'), 'unshare', ...asItself, ...namespaceOptions, '--'];
}

/** How a program is put in its own PID namespace; the command follows. No --new-session: resize and Ctrl-C need the PTY's session. */
export function programArguments(cwd: string): string[] {
  const view = ['--dev-bind', '/', '/', '--unshare-pid', '--proc', '/proc'];
  return ['bwrap', ...view, '--die-with-parent', '--chdir', cwd, '--'];
}

/** Longest a probe may take; a kernel that hangs here counts as one that forbids namespaces. */
const probeMs = 10_000;

function runProbe(command: string[], env: Record<string, string>): Promise<{ ok: boolean; detail: string }> {
  return new Promise((resolve) => {
    const [file = 'false', ...args] = command;
    const child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: env as NodeJS.ProcessEnv,
      cwd: '/',
      timeout: probeMs,
      killSignal: 'SIGKILL',
    });
    let output = '';
    const collect = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(0, 400);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (cause) => resolve({ ok: false, detail: cause.message }));
    child.on('close', (code) => resolve({ ok: code === 0 && output.trim() === 'apart', detail: output.trim() }));
  });
}

async function isInstalled(program: string, path: string): Promise<boolean> {
  const found = await Promise.all(
    path.split(delimiter).map((folder) =>
      access(join(folder, program), constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

const knobs = [
  { file: '/proc/sys/kernel/unprivileged_userns_clone', bad: '0', fix: 'sysctl kernel.unprivileged_userns_clone=1' },
  {
    file: '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
    bad: '1',
    fix: 'sysctl kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile that allows bwrap',
  },
  { file: '/proc/sys/user/max_user_namespaces', bad: '0', fix: 'sysctl user.max_user_namespaces=15000' },
];

async function namespaceFix(): Promise<string> {
  for (const { file, bad, fix } of knobs) {
    const value = await readFile(file, 'utf8').catch(() => '');
    if (value.trim() === bad) return fix;
  }
  return 'in a container, allow it to create namespaces and to mount proc';
}

async function explain(env: Record<string, string>, detail: string): Promise<string> {
  const path = env.PATH ?? '';
  const lost = 'processes that detach themselves can outlive their session.';
  if (!(await isInstalled('bwrap', path)))
    return `bubblewrap is not installed: ${lost} Fix: apt-get install bubblewrap`;
  if (!(await isInstalled('unshare', path))) return `unshare is not installed: ${lost} Fix: apt-get install util-linux`;
  const seen = detail.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 120);
  return `namespaces are forbidden here: ${lost} Fix: ${await namespaceFix()}${seen ? ` (${seen})` : ''}`;
}

/**
 * Tries the very launch that runners and programs get, both nested, and checks that the program is alone in its PID
 * namespace. Takes about 30 ms; the caller keeps the answer. Never judges by kernel or distribution.
 */
export async function detectIsolation(env: Environment = process.env): Promise<IsolationFacts> {
  const clean = scrubEnvironment(env);
  const alone = 'test "$(cat /proc/1/comm)" = bwrap && echo apart';
  const probe = await runProbe(
    [...namespaceArguments(sandboxAccount()), ...programArguments('/'), '/bin/sh', '-c', alone],
    clean,
  );
  if (probe.ok) return { isolation: 'namespaces', warning: null };
  return { isolation: 'process-group', warning: (await explain(clean, probe.detail)).slice(0, 400) };
}
