/** What the command does where no server runs: usage, help, versions and the check of the machine. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Finished, Started } from './command.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omnigent-machine-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function omnigent(args: string[], env: Record<string, string> = {}): Promise<Finished> {
  const started = new Started(args, { home: join(folder, 'home'), cwd: folder, env: { PORT: '0', ...env } });
  started.child.stdin.end();
  return started.finished;
}

interface Check {
  name: string;
  ok: boolean;
  detail: string;
  fix: string | null;
}

async function doctor(env: Record<string, string> = {}) {
  const { exitCode, stdout } = await omnigent(['doctor', '--json'], env);
  const { checks } = JSON.parse(stdout) as { checks: Check[] };
  return { exitCode, checks, named: (name: string) => checks.find((check) => check.name === name) };
}

const oneLine = (text: string) => expect.stringMatching(new RegExp(`^omnigent: [^\\n]*${text}[^\\n]*\\n$`));

describe('usage', { timeout: 120_000 }, () => {
  it('[CLI1] an unknown command, option or operand and a missing one exit 2 with one line that names it', async () => {
    const wrong: [string[], string][] = [
      [[], 'which command'],
      [['frobnicate'], 'unknown command: frobnicate'],
      [['session', 'frobnicate'], 'unknown command: session frobnicate'],
      [['session'], 'session what'],
      [['session', 'show'], 'needs SES'],
      [['session', 'show', 'one', 'two'], 'two is one argument too many'],
      [['ps', '--frobnicate'], '--frobnicate'],
      [['session', 'events', 'x', '--after', '-1'], '--after'],
      [['session', 'list', '--', 'ls'], 'no program'],
      [['terminal', 'new', 'x', '--'], 'program has to follow'],
      [['terminal', 'resize', 'x', 'wide', '10'], 'C: a whole number'],
      [['attach', 'x', '--pipe', '--timeout', '0'], '--timeout'],
      [['attach', 'x', '--watch', '--take'], '--take'],
      [['fro\u001b[31mb'], 'u001b'],
    ];
    for (const [args, told] of wrong) {
      expect(await omnigent(args), args.join(' ')).toMatchObject({ exitCode: 2, stdout: '', stderr: oneLine(told) });
    }
  });

  it('[CLI1] a command of a later version is unknown', async () => {
    for (const later of ['clone', 'adopt']) {
      const found = await omnigent([...later.split(' '), 'x']);
      expect(found).toMatchObject({ exitCode: 2, stdout: '', stderr: oneLine(`unknown command: ${later}`) });
    }
  });

  it('[CLI2] help lists every command, and each explains itself', async () => {
    const { exitCode, stdout } = await omnigent(['help']);
    const lines = stdout.split('\n').filter((line) => line.startsWith('  '));
    const commands = lines.map(
      (line) =>
        line
          .trim()
          .split(/ {2,}/)[0]
          ?.replace(/ [A-Z].*/, '') ?? '',
    );
    expect([exitCode, commands.length]).toEqual([0, 42]);
    for (const command of commands) {
      const own = await omnigent([...command.split(' '), '--help']);
      expect(own).toMatchObject({ exitCode: 0, stderr: '', stdout: expect.stringContaining(`omnigent ${command}`) });
      expect(own.stdout).toContain('--json');
    }
  });

  it('[CLI6] where no server runs a command that needs one exits 3 and says how to start it', async () => {
    for (const command of ['ps', 'url', 'session list', 'session show x', 'attach x --pipe', 'terminal screen x']) {
      const found = await omnigent(command.split(' '));
      expect(found, command).toMatchObject({ exitCode: 3, stdout: '', stderr: oneLine('start it with `npm start`') });
    }
    const away = { OMNIGENT_URL: 'http://127.0.0.1:9', OMNIGENT_TOKEN: 'key_x' };
    expect(await omnigent(['ps'], away)).toMatchObject({ exitCode: 3, stderr: oneLine('127.0.0.1:9') });
  });
});

describe('the machine', { timeout: 120_000 }, () => {
  it('[CLI3] --version tells Omnigent, Node.js and the agents', async () => {
    const { stdout } = await omnigent(['--version', '--json']);
    expect(JSON.parse(stdout)).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      node: process.versions.node,
      harnesses: expect.arrayContaining([
        { type: 'acp:example', path: expect.any(String), version: null, tested: true, ok: true, problem: null },
      ]),
    });
    const plain = await omnigent(['--version']);
    const [first, ...lines] = plain.stdout.trim().split('\n');
    expect(first).toBe(`omnigent ${JSON.parse(stdout).version}, node ${process.versions.node}`);
    expect(lines).toHaveLength(JSON.parse(stdout).harnesses.length);
  });

  it('[CLI25] doctor judges each thing that a session needs, here without a fault', async () => {
    const { exitCode, checks } = await doctor();
    const names = ['node', 'isolation', 'sandbox', 'git', 'terminal', 'database', 'home', 'port', 'server'];
    expect(checks.map(({ name }) => name)).toEqual(names);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(checks.every(({ detail, fix }) => detail !== '' && fix === null)).toBe(true);
    expect(checks.find(({ name }) => name === 'database')?.detail).toMatch(/^PostgreSQL \d+\.\d+ from npm/);
    expect(exitCode).toBe(0);
  });

  it('[CLI25] what is missing or unfit fails its check with what to do, and doctor with 1', async () => {
    const git = join(folder, 'git');
    await writeFile(git, '#!/bin/sh\necho git version 2.31.9\n');
    await chmod(git, 0o755);
    const old = await doctor({ PATH: folder });
    expect(old.exitCode).toBe(1);
    expect(old.named('git')).toMatchObject({ ok: false, detail: expect.stringMatching(/2\.31\.9 is too old/) });
    expect(old.named('git')?.fix).toContain('git 2.32 or newer');
    expect(old.named('isolation')).toMatchObject({ ok: false, fix: 'apt-get install bubblewrap' });
    const bare = await doctor({ PATH: '/nonexistent', DATABASE_URL: 'postgres://127.0.0.1:9/x', PORT: '70000' });
    expect(bare.named('git')).toMatchObject({ ok: false, detail: 'git is not installed' });
    expect(bare.named('database')).toMatchObject({ ok: false, fix: expect.stringContaining('DATABASE_URL') });
    expect(bare.named('port')).toMatchObject({ ok: false, fix: expect.stringContaining('0 to 65535') });
    const plain = await omnigent(['doctor'], { PATH: '/nonexistent' });
    expect(plain).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/^FAIL {2}git .*\n +fix: install git/m) });
  });

  it('[CLI25] a port that another program has is told', async () => {
    const other: Server = createServer();
    const port = await new Promise<number>((resolve) => {
      other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port));
    });
    const { exitCode, named } = await doctor({ PORT: String(port) });
    await new Promise((resolve) => other.close(resolve));
    expect(exitCode).toBe(1);
    expect(named('port')).toMatchObject({ ok: false, detail: `127.0.0.1:${port} is taken` });
    expect(named('port')?.fix).toContain('set PORT to another one');
  });
});

describe('policy', { timeout: 120_000 }, () => {
  const sample = `version: "2026.1"
workspace: { name: sample, base_dir: src }
policies:
  security_guardrails:
    forbidden_commands: ["env"]
    restricted_paths: ["../secret.json"]
`;
  async function policy(args: string[], input = ''): Promise<Finished> {
    const started = new Started(['policy', ...args], { home: join(folder, 'home'), cwd: folder, env: {} });
    started.child.stdin.end(input);
    return started.finished;
  }

  it('[POL11] check judges every row and exits 0, or 2 when one is malformed', async () => {
    await writeFile(join(folder, 'sample.yaml'), sample);
    const rows = [
      { id: 1, kind: 'command', input: 'nohup env' },
      { id: 2, kind: 'command', input: 'ls' },
      { id: 3, kind: 'path', input: { op: 'read', path: '../secret.json' } },
    ];
    const input = rows.map((row) => JSON.stringify(row)).join('\n');
    const { exitCode, stdout } = await policy(['check', '--workspace', 'sample.yaml'], input);
    const results = (text: string) =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    expect(exitCode).toBe(0);
    expect(results(stdout)).toMatchObject([
      {
        id: 1,
        verdict: 'deny',
        rule: 'security_guardrails.forbidden_commands[0]',
        alert: false,
        us: expect.any(Number),
      },
      { id: 2, verdict: 'allow' },
      { id: 3, verdict: 'deny', rule: 'security_guardrails.restricted_paths[0]' },
    ]);
    const bad = await policy(['check', '--workspace', 'sample.yaml'], `{"id":4}\n${JSON.stringify(rows[1])}`);
    expect(bad.exitCode).toBe(2);
    expect(results(bad.stdout)).toMatchObject([
      { id: 4, verdict: 'deny', rule: 'input.invalid' },
      { id: 2, verdict: 'allow' },
    ]);
  });

  it('[POL11] explain says what a command would do, and lint what is wrong with a file', async () => {
    await writeFile(join(folder, 'sample.yaml'), sample);
    const told = await policy(['explain', 'bash -c "env"', '--workspace', 'sample.yaml']);
    expect(told.stdout).toMatch(
      /^deny, by security_guardrails\.forbidden_commands\[0\]\n {2}it is forbidden: env\n(?:.*\n)*.*env +run by bash\n/,
    );
    expect(told.exitCode).toBe(0);
    const warned = await policy(['lint', 'sample.yaml']);
    expect(warned).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^warning: sample\.yaml:6:\d+: \.\.\/secret\.json is not there/),
    });
    await writeFile(join(folder, 'bad.yaml'), sample.replace('forbidden_commands', 'forbiden_commands'));
    expect(await policy(['lint', 'bad.yaml'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/^bad\.yaml:5:5: .*forbiden_commands is not known; /),
    });
    expect(await policy(['check', '--workspace', 'bad.yaml'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('bad.yaml:5:5:'),
    });
    expect((await policy(['explain', 'ls'])).exitCode).toBe(2);
  });
});
