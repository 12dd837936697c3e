/** What programs in a sandbox can see, change and reach, tried by real programs. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sandboxAccount } from './account.ts';
import { BubblewrapSandbox } from './bubblewrap.ts';
import { limitArguments } from './limits.ts';
import { openNetwork, type SandboxNetwork } from './network.ts';
import { testSandbox } from './self-test.ts';
import { failureOf } from './session-sandbox.ts';
import { findToolchains, shownForProgram } from './toolchain.ts';
import { findTools } from './tools.ts';

const tools = findTools(process.env.PATH);
const account = sandboxAccount();
const canary = 'canary-5f1d';
let folder: string;
let network: SandboxNetwork;
let sandbox: BubblewrapSandbox;
let root: string;

interface Ended {
  output: string;
  exitCode: number;
}

async function run(command: string[], cwd = root): Promise<Ended> {
  const { file, args, env, cwd: at } = await sandbox.wrap({ command, cwd });
  return new Promise((resolve) => {
    const options = { env: env as unknown as NodeJS.ProcessEnv, cwd: at, timeout: 30_000 };
    execFile(file, args, options, (cause, stdout, stderr) => {
      const code = cause === null ? 0 : typeof cause.code === 'number' ? cause.code : -1;
      resolve({ output: `${stdout}${stderr}`.trim(), exitCode: code });
    });
  });
}

const shell = (script: string, cwd?: string): Promise<Ended> => run(['/bin/bash', '-c', script], cwd);

async function makeCheckout(at: string): Promise<void> {
  await mkdir(join(at, '.git', 'hooks'), { recursive: true });
  await mkdir(join(at, '.vscode'), { recursive: true });
  await writeFile(join(at, '.git', 'config'), '[core]\n');
  await writeFile(join(at, '.vscode', 'tasks.json'), '{}\n');
  await writeFile(join(at, 'file.txt'), 'in the checkout\n');
}

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'omnigent-bubblewrap-')));
  await chmod(folder, 0o711);
  const directory = join(folder, 'session');
  root = join(directory, 'checkout');
  await makeCheckout(root);
  await writeFile(join(folder, 'outside.txt'), canary);
  await symlink(join(folder, 'outside.txt'), join(root, 'link.txt'));
  network = await openNetwork(tools, account);
  network.listener.on('connection', (socket) => socket.on('error', () => undefined).end('port\n'));
  const env = { ...process.env, SECRET_OF_THE_SERVER: canary, HTTPS_PROXY: 'http://127.0.0.1:1' };
  sandbox = await BubblewrapSandbox.open({
    directory,
    env,
    tools,
    network,
    author: { name: 'Ada "A"', email: 'ada@example.com' },
    account,
  });
  await sandbox.enter(root);
});

afterAll(async () => {
  network.close();
  await rm(folder, { recursive: true, force: true });
});

describe('what is seen', () => {
  it('[SBX1] the checkout, a home of its own and the system’s programs, at their own paths, and nothing else', async () => {
    expect(await shell('cat file.txt; pwd')).toEqual({ output: `in the checkout\n${root}`, exitCode: 0 });
    const { output } = await shell(
      `ls ${folder}; cat ${folder}/outside.txt link.txt /etc/shadow; ls -A /root /home /run /var`,
    );
    expect(output).not.toContain(canary);
    expect(output).toContain('session');
    expect(output).not.toContain('root:');
    for (const path of ['/etc/shadow', '/root/.ssh', '/var/run/docker.sock', '/sys', process.cwd()])
      expect((await shell(`test -e ${path}`)).exitCode, path).toBe(1);
  });

  it('[SBX1] a program has a name, a home and an author that it can ask for', async () => {
    const { output } = await shell('whoami; hostname; echo ~; git config user.name; git config user.email');
    expect(output.split('\n')).toEqual(['agent', 'sandbox', sandbox.home, 'Ada "A"', 'ada@example.com']);
  });

  it('[SBX2] no variable of the server, in no process', async () => {
    const { output } = await shell("env; cat /proc/[0-9]*/environ | tr '\\0' '\\n'");
    expect(output).not.toContain(canary);
    expect(output).not.toContain('HTTPS_PROXY');
    expect(output).toContain(`HOME=${sandbox.home}`);
  });

  it('[SBX8] /tmp, /var/tmp and /dev/shm are the session’s, and what is looked at from outside is what programs see', async () => {
    const name = `seen-${process.pid}`;
    await shell(`echo one >/tmp/${name}; ln -s /tmp/${name} /dev/shm/link; ln -s /dev/shm/link ${root}/through`);
    expect(existsSync(join('/tmp', name))).toBe(false);
    expect(sandbox.files.resolve(join(root, 'through'))).toBe(`/tmp/${name}`);
    expect(sandbox.files.look('/dev/shm/link')).toMatchObject({ kind: 'file', real: `/tmp/${name}`, links: 1 });
    expect(sandbox.files.list('/tmp')).toContain(name);
    expect(sandbox.files.resolve(join(root, 'file.txt'))).toBe(join(root, 'file.txt'));
    expect(sandbox.files.look('/tmp/not-there')).toBeNull();
  });
});

describe('what cannot be changed', () => {
  it('[SBX4] what git, editors and shells run later', async () => {
    const attempts = [
      'echo x >>.git/config',
      'echo x >.git/hooks/post-commit',
      'mv .git other',
      'mv .git/hooks .git/other',
      'rm -rf .git/config',
      'echo x >.vscode/tasks.json',
      'mv .vscode other',
      'ln .git/config other',
      'echo x >>~/.bashrc',
      'mv ~/.config ~/other',
      'git config --global core.pager evil',
      'touch /usr/bin/x /x /etc/x',
    ];
    for (const attempt of attempts) expect((await shell(attempt)).exitCode, attempt).not.toBe(0);
    expect((await shell('echo x >.git/other && echo y >.vscode/other && echo z >~/other')).exitCode).toBe(0);
  });

  it('[SBX4] a link in the place of such a file is not followed', async () => {
    const other = await realpath(await mkdtemp(join(folder, 'linked-')));
    await chmod(other, 0o711);
    const at = join(other, 'checkout');
    await mkdir(at);
    await mkdir(join(other, 'home', '.vscode'), { recursive: true });
    await writeFile(join(other, 'home', '.vscode', 'tasks.json'), canary);
    await symlink(join(other, 'home', '.vscode'), join(at, '.vscode'));
    const opened = await BubblewrapSandbox.open({
      directory: join(other, 'session'),
      env: process.env,
      tools,
      network,
      author: null,
      account,
    });
    await opened.enter(at);
    expect(opened.view().pinned.filter((path) => path.includes('.vscode'))).toEqual([]);
  });

  it('[SBX3] no capability, namespace, mount or system call that the filter refuses', async () => {
    const { output } = await shell('cat /proc/self/status');
    for (const line of ['CapEff:\t0000000000000000', 'CapBnd:\t0000000000000000', 'NoNewPrivs:\t1', 'Seccomp:\t2'])
      expect(output).toContain(line);
    for (const attempt of [
      'unshare -U true',
      'unshare -m true',
      'mount -t tmpfs x /tmp',
      'umount -l .git/config',
      'nsenter -t 1 -m true',
    ])
      expect((await shell(attempt)).exitCode, attempt).not.toBe(0);
  });

  it('[SBX3] a program cannot type into a terminal, use io_uring or keys, trace others or leave by vsock', async () => {
    const source = join(root, 'calls.py');
    await writeFile(
      source,
      `
import ctypes, os, platform, socket
libc = ctypes.CDLL(None, use_errno=True)
arm = platform.machine() == 'aarch64'
def call(name, *args):
    result = libc.syscall(*args)
    print(name, result if result >= 0 else -ctypes.get_errno())
call('tiocsti', 29 if arm else 16, 0, ctypes.c_ulong(0xffffffff00005412), b'x')
call('io_uring', 425, 1, 0)
call('keyctl', 219 if arm else 250, 0, 0)
call('bpf', 280 if arm else 321, 0, 0, 0)
call('attach', 117 if arm else 101, 16, os.getppid(), 0, 0)
call('traceme', 117 if arm else 101, 0, 0, 0, 0)
for family in [40, 38, 17]:
    try: socket.socket(family, socket.SOCK_SEQPACKET); print(family, 'open')
    except OSError as error: print(family, -error.errno)
socket.socket(socket.AF_UNIX); socket.socket(socket.AF_INET6)
`,
    );
    const { output } = await run(['/usr/bin/python3', source]);
    expect(output.split('\n')).toEqual([
      ...['tiocsti -1', 'io_uring -38', 'keyctl -1', 'bpf -1', 'attach -1', 'traceme 0'],
      ...['40 -97', '38 -97', '17 -97'],
    ]);
  });
});

describe('its network', () => {
  let outside: Server;
  let port: number;
  beforeAll(async () => {
    outside = createServer((socket) => socket.end(canary));
    await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve));
    port = (outside.address() as { port: number }).port;
  });
  afterAll(() => void outside.close());

  it('[SBX5] only the agent port answers', async () => {
    expect(await shell('cat </dev/tcp/127.0.0.1/4180')).toEqual({ output: 'port', exitCode: 0 });
    for (const address of [`127.0.0.1/${port}`, '192.0.2.1/80', '169.254.169.254/80'])
      expect((await shell(`timeout 5 cat </dev/tcp/${address}`)).exitCode, address).not.toBe(0);
    expect((await shell('sed 1,2d /proc/net/dev | cut -d: -f1')).output.trim()).toBe('lo');
    expect((await shell('timeout 5 getent hosts example.com')).exitCode).not.toBe(0);
  });

  it('[SBX5] what one program of the session serves, the others reach', async () => {
    const served = shell(`cd /tmp && timeout 4 python3 -m http.server 8091 --bind 127.0.0.1`);
    const { output } = await shell(
      'for i in $(seq 40); do curl -s -o /dev/null -w "%{http_code}" 127.0.0.1:8091 && break; sleep 0.1; done',
    );
    expect(output).toContain('200');
    await served;
  });
});

describe('the self-test', () => {
  it('[SBX6] passes where the sandbox holds', async () => {
    const probes = await testSandbox({ directory: join(folder, 'probes'), env: process.env, account });
    expect(probes.filter(({ ok }) => !ok)).toEqual([]);
    expect(probes.map(({ name }) => name)).toContain('outside-view');
    expect(failureOf(probes)).toBeNull();
  });

  it('[SBX6] fails, and says why, with a bubblewrap that leaves out one thing', async () => {
    const bin = join(folder, 'bin');
    await mkdir(bin, { recursive: true });
    const probes = join(folder, 'probes');
    const failing = async (left: string[], more: string[] = []): Promise<string | null> => {
      const script = [
        '#!/bin/bash',
        'kept=()',
        'for word in "$@"; do',
        `  [ "$word" = --chdir ] && kept+=(${more.join(' ')})`,
        `  [[ " ${left.join(' ')} " == *" $word "* ]] || kept+=("$word")`,
        'done',
        `exec ${tools.bwrap} "\${kept[@]}"`,
      ];
      await writeFile(join(bin, 'bwrap'), script.join('\n'), { mode: 0o755 });
      const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
      return failureOf(await testSandbox({ directory: probes, env, network, account }));
    };
    expect(await failing(['--seccomp', '9'])).toMatch(/^system-calls: /);
    expect(await failing(['--disable-userns', '--seccomp', '9'])).toMatch(/^system-calls: .*and 1 more/);
    expect(await failing([], ['--ro-bind', probes, probes])).toMatch(/^outside-view: /);
    expect(await failing([], ['--unshare-net'])).toMatch(/^agent-port: /);
    expect(await failing(['--unshare-pid'], ['--share-net'])).toMatch(/^(processes|start): /);
    expect(await failing([])).toBeNull();
  });

  it('[SBX6] says what to install where a program is missing', async () => {
    expect(() => findTools('/nowhere')).not.toThrow();
    const probes = await testSandbox({ directory: join(root, 'file.txt'), env: process.env, account });
    expect(failureOf(probes)).toMatch(/^start: /);
  });
});

describe('limits and programs', () => {
  it('[SBX12] a program is bounded, never above what the machine bounds', async () => {
    const { output } = await shell('ulimit -c; ulimit -u');
    expect(output.split('\n')[0]).toBe('0');
    expect(Number(output.split('\n')[1])).toBeLessThanOrEqual(4096);
    const limits = 'Max processes             100                  200                  processes \n';
    expect(limitArguments(limits)).toContain('--nproc=200');
  });

  it('[SBX1] a folder of programs is shown as far as it holds nothing else', () => {
    const home = '/home/ada';
    const found = findToolchains({ PATH: '/usr/bin:/root/secret-bin:/tmp' }, home, null);
    expect(found.path.split(':')).toEqual(['/usr/bin', '/tmp']);
    expect(shownForProgram('/usr/bin/env')).toEqual([]);
    expect(shownForProgram('/opt/app/node_modules/.bin/x')).toEqual(['/opt/app/node_modules']);
  });

  it('[HST22] a program that is not there says so and exits 127', async () => {
    expect(await run(['no-such-program'])).toMatchObject({ exitCode: 127 });
    expect((await run(['true'], join(root, 'gone'))).output).toContain('the working folder does not exist');
  });
});
