/** The host against real runner processes, real namespaces and real kills. */
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { detectIsolation, readProcess, sandboxAccount } from '#runner/sandbox/index.ts';
import { findMarked, type HostFixture, openHostFixture, until } from './host-fixture.ts';
import type { RunnerProcess } from './index.ts';
import { boundLogOf } from './runner-log.ts';

/** Everything that has ever outlived a terminal: own session, ignored signals, background, double fork. */
const clingers = [
  'trap "" TERM HUP INT',
  'setsid sh -c \'trap "" TERM HUP; sleep 1000; : "$0"\' "$0" &',
  'nohup sh -c \'sleep 1000; : "$0"\' "$0" >/dev/null 2>&1 &',
  '(setsid sh -c \'(sh -c "sleep 1000; : $0" "$0" &) ; sleep 1000; : "$0"\' "$0" &)',
  'sleep 1000; : "$0"',
].join('\n');

const secrets = {
  OMNIGENT_SECRET_KEY: 'secret-1',
  ANTHROPIC_API_KEY: 'secret-2',
  DATABASE_URL: 'secret-3',
  GITHUB_TOKEN: 'secret-4',
};

let fixture: HostFixture;
beforeAll(async () => {
  fixture = await openHostFixture({ ...process.env, ...secrets });
});
afterAll(async () => {
  await fixture.close();
});

const countSleeps = async (runner: RunnerProcess) =>
  (await fixture.host.children(runner)).filter(({ command }) => command === 'sleep 1000').length;

/** Launches and waits until all of the program's processes are there. */
async function launchClingers(isolation: 'namespaces' | 'process-group', isStubborn = false) {
  const launch = fixture.launch({ isolation, script: clingers, isStubborn });
  const runner = await fixture.host.launch(launch);
  await fixture.ready(launch);
  await until('the clingers', async () => (await countSleeps(runner)) === 5);
  return { launch, runner };
}

const isGone = (mark: string) => until(`the end of ${mark}`, () => findMarked(mark).length === 0);

describe('launch', { timeout: 60_000 }, () => {
  it('[HST1] the namespaces of this machine work, so that the tests below prove something', async () => {
    expect(await detectIsolation()).toEqual({ isolation: 'namespaces', warning: null });
  });

  it('[HST2] the runner key is in no file, argument or environment', async () => {
    const launch = fixture.launch({ isolation: 'namespaces', script: 'sleep 1000; : "$0"' });
    const runner = await fixture.host.launch(launch);
    const facts = await fixture.ready(launch);
    expect(facts.key).toBe(launch.key);
    for (const pid of [runner.pid, runner.outerPid]) {
      expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(launch.key);
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toMatch(/secret-|kkkk/);
    }
    expect(facts.env).not.toHaveProperty('DATABASE_URL');
    expect(statSync(launch.directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(launch.directory, 'runner.log')).mode & 0o777).toBe(0o600);
    for (const name of await readdir(launch.directory)) {
      if (name !== 'ready.json') expect(readFileSync(join(launch.directory, name), 'utf8')).not.toContain(launch.key);
    }
    expect(facts.serverFile).toBe(join(fixture.home, 'server.json'));
    await fixture.host.kill(runner);
  });

  it('[HST3] it reports the pid and start time that this machine knows the runner by', async () => {
    const { launch, runner } = await launchClingers('namespaces');
    expect((await fixture.ready(launch)).pid).toBe(1);
    expect(runner.pid).not.toBe(runner.outerPid);
    expect(readProcess(runner.pid)).toMatchObject({
      ppid: runner.outerPid,
      startTicks: runner.startTicks,
    });
    expect(readFileSync(`/proc/${runner.pid}/cmdline`, 'utf8')).toContain(launch.directory);
    await fixture.host.kill(runner, { graceMs: 0 });
    await isGone(launch.directory);
  });

  it('[HST27] it runs as nobody who owns more than sessions, from files that it can read', async () => {
    const account = sandboxAccount();
    const { launch, runner } = await launchClingers('namespaces');
    await fixture.ready(launch);
    const { uid = process.getuid?.() } = account ?? {};
    const status = readFileSync(`/proc/${runner.pid}/status`, 'utf8');
    expect(status).toMatch(new RegExp(`^Uid:\t${uid}\t${uid}\t${uid}\t${uid}$`, 'm'));
    expect(status).toMatch(/^CapEff:\t0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(statSync(launch.directory).uid).toBe(uid);
    if (account) expect(readlinkSync(`/proc/${runner.pid}/exe`)).toContain(join(fixture.home, 'runtime'));
    await fixture.host.kill(runner);
  });

  it('[HST11] the log of a runner is emptied when it grows too large, and the runner writes on', async () => {
    const launch = fixture.launch({ isolation: 'namespaces', script: 'sleep 1000; : "$0"' });
    const runner = await fixture.host.launch(launch);
    await fixture.ready(launch);
    const log = join(launch.directory, 'runner.log');
    await until('its first line', () => readFileSync(log, 'utf8').includes('runner is up'));
    appendFileSync(log, 'x'.repeat(5_000));
    boundLogOf(runner.pid, 10_000);
    expect(statSync(log).size).toBeGreaterThan(5_000);
    boundLogOf(runner.pid, 5_000);
    expect(statSync(log).size).toBe(0);
    writeFileSync(`/proc/${runner.pid}/fd/2`, 'still here\n', { flag: 'a' });
    expect(readFileSync(log, 'utf8')).toBe('still here\n');
    await fixture.host.kill(runner);
  });

  it('a launch that cannot work says why', async () => {
    const broken = await openHostFixture({ PATH: '/nonexistent' });
    try {
      const launch = broken.launch({ isolation: 'namespaces', script: ':' });
      await expect(broken.host.launch(launch)).rejects.toMatchObject({ code: 'launch.failed' });
    } finally {
      await broken.close();
    }
  });

  it('a session folder outside the data directory is refused', async () => {
    const launch = {
      ...fixture.launch({ isolation: 'namespaces', script: ':' }),
      directory: `${fixture.home}/../elsewhere`,
    };
    await expect(fixture.host.launch(launch)).rejects.toMatchObject({ code: 'launch.failed' });
  });
});

describe('spare', { timeout: 60_000 }, () => {
  const traces = (home: string) => findMarked(join(home, 'sessions', 'runner---'));
  /** What is spawned around and beside them has the same words in its command line. */
  const spares = (home: string) =>
    traces(home).filter((pid) => /^\S*\/node\0/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8')));
  /** A host of its own with a spare runner. */
  async function openWithSpare() {
    const own = await openHostFixture();
    onTestFinished(() => own.close());
    own.host.keepSpare('namespaces');
    const pid = await until('the spare', () => spares(own.home)[0]);
    return { own, pid };
  }

  it('[HST12] becomes the runner of the next session, whose folder then holds its log, and another one follows', async () => {
    const { own, pid } = await openWithSpare();
    const launch = own.launch({ isolation: 'namespaces', script: 'sleep 1000; : "$0"' });
    const runner = await own.host.launch(launch);
    expect(runner.pid).toBe(pid);
    await own.ready(launch);
    const log = join(launch.directory, 'runner.log');
    await until('its first line', () => readFileSync(log, 'utf8').includes('runner is up'));
    expect(statSync(log).mode & 0o777).toBe(0o600);
    await until('the next spare', () => spares(own.home).length === 1);
    await own.host.kill(runner);
  });

  it('[HST12] is of no use once it is dead or where another isolation is wanted', async () => {
    const { own, pid } = await openWithSpare();
    const other = own.launch({ isolation: 'process-group', script: 'sleep 1000; : "$0"' });
    const plain = await own.host.launch(other);
    expect(plain.pid).not.toBe(pid);
    for (const one of spares(own.home)) process.kill(one, 'SIGKILL');
    const launch = own.launch({ isolation: 'namespaces', script: 'sleep 1000; : "$0"' });
    const runner = await own.host.launch(launch);
    await own.ready(launch);
    for (const one of [plain, runner]) await own.host.kill(one);
  });

  it('[HST12] ends with the host that keeps it', async () => {
    const { own } = await openWithSpare();
    own.host.close();
    await until('its end', () => traces(own.home).length === 0);
  });

  it('[HST12] ends with a server that is killed', async () => {
    const own = await openHostFixture();
    onTestFinished(() => own.close());
    const program = `
      import { createHost } from ${JSON.stringify(join(process.cwd(), 'server/host/index.ts'))};
      const { home, runnerFile } = JSON.parse(process.argv[2] ?? process.argv[1]);
      createHost({ home, runnerFile, checkouts: { make: async () => undefined }, serverFile: 'x', env: process.env, log: () => {} }).keepSpare('namespaces');
      setInterval(() => {}, 1000);`;
    const input = JSON.stringify({ home: own.home, runnerFile: own.runnerFile });
    const server = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program, input]);
    await until('the spare', () => spares(own.home).length === 1);
    server.kill('SIGKILL');
    await until('its end', () => traces(own.home).length === 0);
  });
});

describe('death', { timeout: 60_000 }, () => {
  it('[HST4] kill -9 of the runner leaves no process behind', async () => {
    for (let round = 0; round < 5; round++) {
      const { launch, runner } = await launchClingers('namespaces');
      process.kill(runner.pid, 'SIGKILL');
      await isGone(launch.directory);
    }
  });

  it('[HST4] kill -9 of what holds its namespace leaves no process behind', async () => {
    for (let round = 0; round < 5; round++) {
      const { launch, runner } = await launchClingers('namespaces');
      process.kill(runner.outerPid, 'SIGKILL');
      await isGone(launch.directory);
    }
  });

  it('[HST5] a runner and its programs outlive kill -9 of the server that launched them', async () => {
    const launch = fixture.launch({ isolation: 'namespaces', script: clingers });
    const program = `
      import { createHost } from ${JSON.stringify(join(process.cwd(), 'server/host/index.ts'))};
      const { home, runnerFile, launch } = JSON.parse(process.argv[2] ?? process.argv[1]);
      const host = createHost({ home, runnerFile, checkouts: { make: async () => undefined }, serverFile: 'x', env: process.env, log: () => {} });
      console.log(JSON.stringify(await host.launch(launch)));
      setInterval(() => {}, 1000);`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', program];
    const input = JSON.stringify({ home: fixture.home, runnerFile: fixture.runnerFile, launch });
    const server = spawn(process.execPath, [...args, input], { stdio: ['ignore', 'pipe', 'inherit'] });
    const runner = await new Promise<RunnerProcess>((resolve) => {
      server.stdout.once('data', (chunk: Buffer) => resolve(JSON.parse(chunk.toString())));
    });
    await fixture.ready(launch);
    await until('the clingers', async () => (await countSleeps(runner)) === 5);
    const before = await fixture.host.children(runner);
    server.kill('SIGKILL');
    await new Promise((resolve) => server.once('exit', resolve));
    expect(fixture.host.isAlive(runner)).toBe(true);
    const after = await fixture.host.children(runner);
    expect(after.map(({ pid }) => pid)).toEqual(before.map(({ pid }) => pid));
    await fixture.host.kill(runner);
    await isGone(launch.directory);
  });

  it('[HST6] kill asks first, and takes a runner that does not listen', async () => {
    const polite = await launchClingers('namespaces');
    await fixture.host.kill(polite.runner, { graceMs: 20_000 });
    const deaf = await launchClingers('namespaces', true);
    await fixture.host.kill(deaf.runner, { graceMs: 50 });
    await isGone(polite.launch.directory);
    await isGone(deaf.launch.directory);
  });

  it('[HST7] where namespaces are forbidden, kill takes what runs below the runner, also what detached itself', async () => {
    const script = 'trap "" TERM HUP; setsid sh -c \'sleep 1000; : "$0"\' "$0" & sleep 1000; : "$0"';
    const launch = fixture.launch({ isolation: 'process-group', script, isStubborn: true });
    const runner = await fixture.host.launch(launch);
    await until('the programs', async () => (await countSleeps(runner)) === 2);
    expect(runner.pid).toBe(runner.outerPid);
    await fixture.host.kill(runner, { graceMs: 50 });
    await isGone(launch.directory);
  });
});

describe('identity', { timeout: 60_000 }, () => {
  it('[HST8] a zombie and another process under the same pid count as gone, and are never signalled', async () => {
    // The child may end only when its parent is no longer a shell, which would bury it.
    const parent = spawn('/bin/sh', ['-c', 'exec 3<&0; sh -c "read -r line" <&3 & echo $!; exec sleep 1000'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    try {
      const pid = await new Promise<number>((resolve) => parent.stdout.once('data', (chunk) => resolve(Number(chunk))));
      await until('a parent that is no shell', () => readProcess(parent.pid ?? 0)?.name === 'sleep');
      parent.stdin.end('\n');
      const zombie = await until('a zombie', () => {
        const row = readProcess(pid);
        return row?.state === 'Z' && row;
      });
      expect(fixture.host.isAlive(zombie)).toBe(false);
      const self = readProcess(parent.pid ?? 0);
      if (!self) throw new Error('the parent is gone');
      const recycled = { pid: self.pid, startTicks: self.startTicks - 1 };
      expect(fixture.host.isAlive(self)).toBe(true);
      expect(fixture.host.isAlive(recycled)).toBe(false);
      await fixture.host.kill(recycled, { graceMs: 0 });
      expect(fixture.host.isAlive(self)).toBe(true);
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it('[HST9] watch tells once that a runner is gone, also when it was gone before', async () => {
    const { runner } = await launchClingers('namespaces');
    const seen: string[] = [];
    fixture.host.watch(runner, () => seen.push('first'));
    const stop = fixture.host.watch(runner, () => seen.push('stopped'));
    stop();
    process.kill(runner.pid, 'SIGKILL');
    await until('the news', () => seen.length > 0);
    fixture.host.watch(runner, () => seen.push('late'));
    await until('the late news', () => seen.length > 1);
    expect(seen).toEqual(['first', 'late']);
  });

  it('[HST10] children are listed by the pids of this machine, parents first', async () => {
    const { launch, runner } = await launchClingers('namespaces');
    const children = await fixture.host.children(runner);
    const known = new Set([runner.pid]);
    for (const { pid, ppid } of children) {
      expect(known.has(ppid)).toBe(true);
      known.add(pid);
    }
    const marked = findMarked(launch.directory).filter((pid) => pid !== runner.pid && pid !== runner.outerPid);
    for (const pid of marked) expect(known.has(pid)).toBe(true);
    expect(children.some(({ command }) => command.startsWith('bwrap '))).toBe(true);
    expect(execFileSync('readlink', [`/proc/${runner.pid}/ns/pid`]).toString()).not.toBe(
      execFileSync('readlink', ['/proc/self/ns/pid']).toString(),
    );
    await fixture.host.kill(runner, { graceMs: 0 });
    expect(await fixture.host.children(runner)).toEqual([]);
  });
});
