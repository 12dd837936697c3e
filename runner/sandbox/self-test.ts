/** Tries from within a sandbox what it is there to prevent. A sandbox that fails one probe is not used. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Account } from './account.ts';
import { BubblewrapSandbox } from './bubblewrap.ts';
import type { Environment } from './environment.ts';
import { openNetwork, type SandboxNetwork, sandboxPort } from './network.ts';
import type { WrappedProgram } from './sandbox.ts';
import { findTools } from './tools.ts';

export interface Probe {
  name: string;
  ok: boolean;
  /** What was found, for people. */
  detail: string;
}

export interface SelfTestOptions {
  /** Folder to work in; what is made there is removed again. */
  directory: string;
  env: Environment;
  account: Account | null;
  /** Absent: one is made and closed again. */
  network?: SandboxNetwork;
}

/** All probes together take some 100 ms; longer than this, in ms, counts as failed. */
const patienceMs = 30_000;

/** Says `NAME ok` or `NAME WHAT-WAS-FOUND`, a line each; knows nothing but POSIX shell and coreutils. */
const script = `
say() { name=$1; shift; printf '%s %s\\n' "$name" "$*"; }
gone() { for path in "$@"; do [ -e "$path" ] && { echo "$path can be seen"; return; }; done; echo ok; }
refused() { if "$@" >/dev/null 2>&1; then echo "done: $*"; else echo ok; fi; }
all() { for each in "$@"; do [ "$each" = ok ] || { echo "$each"; return; }; done; echo ok; }
cd "$1" || exit
say outside-view "$(gone "$2" "$3" /etc/shadow "$4/.ssh" "$4/.npmrc" "$4/.git-credentials" /var/run/docker.sock /run/docker.sock)"
say environment "$(if cat /proc/[0-9]*/environ | tr '\\0' '\\n' | grep -q "$5"; then echo 'a variable from outside can be read'; else echo ok; fi)"
held=$(while read -r key value; do case $key in
  CapEff:|CapPrm:|CapBnd:|CapAmb:) [ "$value" = 0000000000000000 ] || echo "$key $value";;
  NoNewPrivs:) [ "$value" = 1 ] || echo "$key $value";;
  esac; done </proc/self/status)
say capabilities "\${held:-ok}"
say system-calls "$(grep -q '^Seccomp:[[:space:]]*2' /proc/self/status && echo ok || echo 'no filter is in force')"
say unmount "$(all "$(refused umount -l .git/config)" "$(refused mount -o remount,rw,bind /usr)" "$(refused mount -t tmpfs none /tmp)")"
say read-only "$(all "$(refused sh -c 'echo >>.git/config')" "$(refused sh -c 'echo >.git/hooks/pre-commit')" "$(refused touch /usr/x)" "$(refused touch /x)")"
say moved-away "$(all "$(refused mv .git other)" "$(refused mv .git/config .git/other)" "$(refused rm -rf .git/hooks)")"
say hard-link "$(all "$(refused ln .git/config other)" "$(refused ln /usr/bin/env other)")"
say namespaces "$(all "$(refused unshare --user true)" "$(refused unshare --mount true)")"
say processes "$(if [ "$(ls -d /proc/[0-9]* | wc -l)" -lt 12 ]; then echo ok; else echo 'processes outside can be seen'; fi)"
interfaces=$(sed -n 's/^ *\\([^:]*\\):.*/\\1/p' /proc/net/dev | tr '\\n' ' ')
say network "$(all "$([ "$interfaces" = 'lo ' ] && echo ok || echo "interfaces $interfaces")" "$(refused timeout 5 bash -c "exec 3<>/dev/tcp/127.0.0.1/$6")" \\
  "$(refused timeout 5 bash -c 'exec 3<>/dev/tcp/192.0.2.1/80')")"
say agent-port "$(if timeout 5 bash -c "exec 3<>/dev/tcp/127.0.0.1/${sandboxPort}" 2>/dev/null; then echo ok; else echo 'it does not answer'; fi)"
say writable "$(all "$(touch here "$HOME/here" /tmp/here /dev/shm/here 2>&1 && echo ok)")"
`;

const names = [...script.matchAll(/^say ([a-z-]+) /gm)].map(([, name = '']) => name);

async function makeCheckout(root: string): Promise<void> {
  await mkdir(join(root, '.git', 'hooks'), { recursive: true });
  await writeFile(join(root, '.git', 'config'), '[core]\n');
}

function listen(): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({ server, port: typeof address === 'object' && address ? address.port : 0 });
    });
  });
}

function run({ file, args, env, cwd }: WrappedProgram): Promise<{ output: string; complaint: string }> {
  return new Promise((resolve) => {
    const options = {
      env: env as unknown as NodeJS.ProcessEnv,
      cwd,
      timeout: patienceMs,
      killSignal: 'SIGKILL' as const,
    };
    execFile(file, args, options, (cause, output, complaint) =>
      resolve({ output, complaint: `${complaint}${cause && !complaint ? cause.message : ''}` }),
    );
  });
}

function read(output: string, complaint: string): Probe[] {
  const said = new Map(
    output.split('\n').map((line) => [line.split(' ')[0] ?? '', line.split(' ').slice(1).join(' ')]),
  );
  const missing = complaint.trim().split('\n').at(-1)?.slice(0, 300) || 'it was not tried';
  return names.map((name) => {
    const found = said.get(name) ?? missing;
    return { name, ok: found.trim() === 'ok', detail: found.trim() === 'ok' ? 'as it should be' : found.trim() };
  });
}

/** Runs every probe in a sandbox of its own. Never rejects: what keeps it from running fails the probe `start`. */
export async function testSandbox(options: SelfTestOptions): Promise<Probe[]> {
  const made: (() => unknown)[] = [];
  try {
    await mkdir(options.directory, { recursive: true, mode: 0o711 });
    const directory = await realpath(await mkdtemp(join(options.directory, 'probe-')));
    made.push(() => rm(directory, { recursive: true, force: true }));
    const canary = `OMNIGENT_CANARY_${randomBytes(8).toString('hex')}`;
    const outside = [`${directory}.outside`, join(tmpdir(), canary)];
    for (const path of outside) await writeFile(path, canary, { mode: 0o600 });
    made.push(() => Promise.all(outside.map((path) => rm(path, { force: true }))));
    const { server, port } = await listen();
    made.push(() => server.close());
    const tools = findTools(options.env.PATH);
    const network = options.network ?? (await openNetwork(tools, options.account));
    if (!options.network) made.push(() => network.close());
    const env = { ...options.env, [canary]: canary };
    const sandbox = await BubblewrapSandbox.open({
      directory,
      env,
      tools,
      network,
      author: null,
      account: options.account,
    });
    const root = join(directory, 'checkout');
    await makeCheckout(root);
    await sandbox.enter(root);
    const given = [root, ...outside, homedir(), canary, String(port)];
    const { output, complaint } = await run(
      await sandbox.wrap({ command: ['/bin/sh', '-c', script, 'sh', ...given], cwd: root }),
    );
    return [
      { name: 'start', ok: output !== '', detail: output === '' ? complaint.trim().slice(0, 300) : 'bubblewrap' },
    ].concat(read(output, complaint));
  } catch (cause) {
    return [{ name: 'start', ok: false, detail: cause instanceof Error ? cause.message : String(cause) }];
  } finally {
    for (const undo of made.reverse()) await undo();
  }
}
