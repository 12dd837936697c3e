/** The sandbox with real programs on real PTYs. */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawn as spawnPty } from '@lydell/node-pty';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { detectIsolation, findProgram, findShell, type Isolation, noSandbox, scrubEnvironment } from './index.ts';

const env = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/', SHELL: '/bin/bash', LANG: 'C.UTF-8' };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'omnigent-sandbox-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Screen {
  text(): string;
  write(keys: string): void;
  resize(cols: number, rows: number): void;
  exit: Promise<number>;
  /** Waits until the output after `from` (an offset into it) matches. */
  see(what: RegExp, from?: number): Promise<void>;
  end(): Promise<void>;
}

async function run(
  isolation: Isolation,
  command: string[] | null,
  from: Record<string, string> = env,
): Promise<Screen> {
  const program = await noSandbox(isolation, from).wrap({ command, cwd: folder });
  const pty = spawnPty(program.file, program.args, { env: program.env, cwd: program.cwd, cols: 80, rows: 24 });
  let text = '';
  pty.onData((data) => {
    text += data;
  });
  const exit = new Promise<number>((resolve) => pty.onExit(({ exitCode }) => resolve(exitCode)));
  return {
    text: () => text,
    write: (keys) => pty.write(keys),
    resize: (cols, rows) => pty.resize(cols, rows),
    exit,
    async see(what, start = 0) {
      const deadline = performance.now() + 10_000;
      while (!what.test(text.slice(start))) {
        if (performance.now() > deadline)
          throw new Error(`did not see ${what} in ${JSON.stringify(text.slice(start))}`);
        await sleep(5);
      }
    },
    async end() {
      pty.kill('SIGKILL');
      await exit;
    },
  };
}

async function output(isolation: Isolation, script: string, from?: Record<string, string>): Promise<string> {
  const screen = await run(isolation, ['/bin/sh', '-c', `${script}; echo the-end`], from);
  await screen.see(/the-end/);
  await screen.exit;
  return screen.text();
}

describe.each<Isolation>(['namespaces', 'process-group'])('a program under %s', { timeout: 30_000 }, (isolation) => {
  it('[HST20] gets resizes, Ctrl-C, Ctrl-Z and job control of its terminal', async () => {
    const screen = await run(isolation, ['/bin/bash', '--norc', '--noprofile', '-i'], env);
    /** Types a line once the shell reads, and returns where its output begins. */
    const type = async (line: string, prompt: RegExp) => {
      await screen.see(prompt, from);
      from = screen.text().length;
      screen.write(`${line}\r`);
    };
    let from = 0;
    const prompt = /prompt> $/;
    await type('PS1="prom""pt> "; trap "stty size" WINCH; tty', /[#$] $/);
    await screen.see(/\/dev\/pts\/\d+/, from);
    await screen.see(prompt, from);
    screen.resize(101, 31);
    await screen.see(/31 101/, from);
    screen.write('\r');
    await type('sh -c "echo up-\\$((3+3)); exec sleep 1000"', prompt);
    await screen.see(/up-6/, from);
    screen.write('\x03');
    await type('echo status-$?', prompt);
    await screen.see(/status-130/, from);
    await type('sh -c "echo up-\\$((4+4)); exec sleep 1000"', prompt);
    await screen.see(/up-8/, from);
    screen.write('\x1a');
    await screen.see(/Stopped/, from);
    await type('bg; jobs; kill %1; wait; echo after-$((2+2))', prompt);
    await screen.see(/Running[\s\S]*after-4/, from);
    expect(screen.text()).not.toMatch(/no job control|cannot set terminal process group/);
    await type('exit 7', prompt);
    expect(await screen.exit).toBe(7);
  });

  it('[HST21] gets no key, token or address of the server, not even through /proc', async () => {
    const secrets = {
      OMNIGENT_SECRET_KEY: 'leak',
      OMNIGENT_HOME: 'leak',
      ANTHROPIC_API_KEY: 'leak',
      GITHUB_TOKEN: 'leak',
      DATABASE_URL: 'leak',
      AWS_SECRET_ACCESS_KEY: 'leak',
      SSH_AUTH_SOCK: 'leak',
      NODE_OPTIONS: '--title=leak',
      LD_PRELOAD: 'leak',
      https_proxy: 'http://user:leak@proxy.example.com',
    };
    const first = isolation === 'namespaces' ? 'cat /proc/1/environ' : ':';
    const text = await output(isolation, `env; ${first}; cat /proc/self/environ`, { ...env, ...secrets });
    expect(text).toContain('TERM=xterm-256color');
    expect(text).toContain('COLORTERM=truecolor');
    expect(text).not.toContain('leak');
  });

  it('[HST22] that cannot be found says so on its terminal and exits with 127', async () => {
    const screen = await run(isolation, ['no-such-program\x1b[31m', 'x']);
    expect(await screen.exit).toBe(127);
    expect(screen.text()).toContain('omnigent: no-such-program\\u001b[31m: command not found (searched ');
    const named = await run(isolation, ['./missing']);
    expect(await named.exit).toBe(127);
    expect(named.text()).toContain('omnigent: ./missing: no such file');
  });

  it('[HST22] that is not executable exits with 126', async () => {
    writeFileSync(join(folder, 'data.txt'), 'text');
    const screen = await run(isolation, ['./data.txt']);
    expect(await screen.exit).toBe(126);
    expect(screen.text()).toContain('omnigent: ./data.txt: not an executable file');
  });

  it('[HST22] whose working folder is gone says so', async () => {
    const program = await noSandbox(isolation, env).wrap({ command: ['/bin/true'], cwd: join(folder, 'gone') });
    const pty = spawnPty(program.file, program.args, { env: program.env, cwd: program.cwd });
    let text = '';
    pty.onData((data) => {
      text += data;
    });
    const exitCode = await new Promise((resolve) => pty.onExit((exit) => resolve(exit.exitCode)));
    expect(exitCode).toBe(127);
    expect(text).toContain('the working folder does not exist');
  });

  it('passes arguments on as they are', async () => {
    const hostile = ['--die-with-parent', '-c', '$(touch pwned)', 'a b', '', '"', '--'];
    const screen = await run(isolation, ['/bin/sh', '-c', 'printf "<%s>" "$@"; echo the-end', 'sh', ...hostile]);
    await screen.see(/the-end/);
    expect(screen.text()).toContain(hostile.map((argument) => `<${argument}>`).join(''));
  });

  it('starts the shell of the person when no command is given', async () => {
    const screen = await run(isolation, null);
    screen.write('echo I am $0 $-\r');
    await screen.see(/I am \S*bash \w*i\w*m?/);
    screen.write('exit\r');
    await screen.exit;
  });
});

describe('namespaces', { timeout: 30_000 }, () => {
  it('[HST23] a program sees no process but its own', async () => {
    const text = await output('namespaces', 'cat /proc/1/comm; ls /proc | grep -c "^[0-9]"');
    expect(text).toMatch(/bwrap\r\n[1-6]\r\n/);
    expect(text).not.toContain('node');
  });

  it('[HST23] what detaches itself ends with its terminal', async () => {
    const mark = join(folder, 'detached');
    const script = 'setsid sh -c \'trap "" HUP TERM; echo up; sleep 1000; : "$0"\' "$0" & wait';
    const screen = await run('namespaces', ['/bin/sh', '-c', script, mark]);
    await screen.see(/up/);
    await screen.end();
    const deadline = performance.now() + 10_000;
    while (listCommands().some((line) => line.includes(mark))) {
      if (performance.now() > deadline) throw new Error('a detached program is still there');
      await sleep(5);
    }
  });
});

function listCommands(): string[] {
  return readdirSync('/proc').map((name) => {
    try {
      return /^\d+$/.test(name) ? readFileSync(`/proc/${name}/cmdline`, 'utf8') : '';
    } catch {
      return '';
    }
  });
}

describe('detectIsolation', { timeout: 30_000 }, () => {
  /** A PATH with only these programs; a script replaces what is real. */
  function pathWith(programs: Record<string, string | null>): string {
    const bin = mkdtempSync(join(folder, 'bin-'));
    for (const each of [folder, bin]) chmodSync(each, 0o711);
    for (const [name, script] of Object.entries(programs)) {
      if (script === null) symlinkSync(`/usr/bin/${name}`, join(bin, name));
      else writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    }
    return bin;
  }

  it('[HST24] finds namespaces where they work', async () => {
    expect(await detectIsolation(env)).toEqual({ isolation: 'namespaces', warning: null });
  });

  it('[HST24] names the missing package', async () => {
    const found = await detectIsolation({ PATH: pathWith({ unshare: null }) });
    expect(found.isolation).toBe('process-group');
    expect(found.warning).toMatch(/bubblewrap is not installed.*apt-get install bubblewrap/);
    const none = await detectIsolation({ PATH: pathWith({ bwrap: null }) });
    expect(none.warning).toMatch(/unshare is not installed.*apt-get install util-linux/);
  });

  it('[HST24] believes only what it sees: a bwrap that isolates nothing, and one that is forbidden', async () => {
    const liar = 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"';
    const lied = await detectIsolation({ PATH: `${pathWith({ bwrap: liar, unshare: null })}:${env.PATH}` });
    expect(lied.isolation).toBe('process-group');
    const refusal = 'echo "bwrap: No permissions to create a new namespace" >&2; exit 1';
    const refused = await detectIsolation({ PATH: `${pathWith({ bwrap: refusal, unshare: null })}:${env.PATH}` });
    expect(refused.warning).toMatch(/namespaces are forbidden here.*No permissions to create/);
    expect(refused.warning?.length).toBeLessThanOrEqual(400);
  });
});

describe('finding programs', () => {
  it('an empty name, a folder and a name with a slash are looked up as a shell would', async () => {
    mkdirSync(join(folder, 'bin/dir'), { recursive: true });
    writeFileSync(join(folder, 'bin/tool'), '#!/bin/sh\n');
    const look = (name: string) => findProgram({ name, cwd: folder, path: join(folder, 'bin') });
    expect(await look('')).toMatchObject({ exitCode: 127 });
    expect(await look('dir')).toMatchObject({ exitCode: 126 });
    expect(await look('tool')).toMatchObject({ exitCode: 126 });
    chmodSync(join(folder, 'bin/tool'), 0o755);
    expect(await look('tool')).toEqual({ file: join(folder, 'bin/tool') });
    expect(await look('bin/tool')).toEqual({ file: join(folder, 'bin/tool') });
  });

  it('a login shell that is none is replaced by bash', async () => {
    for (const SHELL of ['/usr/sbin/nologin', '/bin/false', 'bash', '/no/such', undefined]) {
      expect(await findShell({ SHELL })).toBe('/bin/bash');
    }
    expect(await findShell({ SHELL: '/bin/sh' })).toBe('/bin/sh');
  });

  it('folders that npm puts on PATH do not reach programs', () => {
    const PATH = '/app/node_modules/.bin:/usr/lib/node_modules/npm/bin/node-gyp-bin:.:/usr/bin';
    expect(scrubEnvironment({ PATH })).toMatchObject({ PATH: '/usr/bin' });
    expect(scrubEnvironment({}).PATH).toMatch(/^\//);
  });
});
