import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareHome } from '#db/testing-home.ts';
import type { SessionEvent } from '#protocol/event.ts';
import type { SessionView } from '#protocol/session-view.ts';
import { ServerProcess } from '../server-process.ts';
import { Commands, makeRepository } from './command.ts';

let server: ServerProcess;
let commands: Commands;

beforeAll(async () => {
  server = await ServerProcess.start({ onHome: prepareHome });
  commands = new Commands(server, await makeRepository(join(server.folder, 'person', 'example')));
}, 120_000);
afterAll(() => server.stop(), 60_000);

const eventsOf = (text: string): SessionEvent[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as SessionEvent);

describe('sessions', { timeout: 120_000 }, () => {
  it('[CLI4] session new, list, show and ps answer in the shapes of the contract', async () => {
    const made = await commands.json<Record<string, string>>(['session', 'new', '--name', 'shapes']);
    expect(made).toMatchObject({
      sessionId: expect.stringMatching(/^ses_/),
      url: `${server.url}/sessions/${made.sessionId}`,
      checkout: expect.stringMatching(/^\//),
      branch: expect.stringMatching(/^omnigent\/shapes-/),
    });
    const { sessions } = await commands.json<{ sessions: SessionView[] }>(['session', 'list', '--group', 'idle']);
    expect(sessions.map(({ id }) => id)).toContain(made.sessionId);
    const shown = await commands.json<SessionView>(['session', 'show', 'shapes']);
    expect(shown).toMatchObject({ id: made.sessionId, name: 'shapes', status: 'idle', checkout: made.checkout });
    const ps = await commands.json<{ sessions: { id: string }[] }>(['ps']);
    const { postgres } = await server.state();
    expect(ps).toMatchObject({ server: { pid: server.pid }, postgres: { pid: postgres?.pid } });
    expect(ps.sessions.find(({ id }) => id === made.sessionId)).toEqual({
      ...{ id: made.sessionId, name: 'shapes', status: 'idle', reason: 'shell open', agents: [] },
      ...{ runner: { pid: expect.any(Number), epoch: 1 }, checkout: made.checkout },
    });
  });

  it('[CLI10] session new takes a relative folder, uncommitted files when asked, and a first program', async () => {
    const parent = new Commands(server, join(server.folder, 'person'));
    const made = await parent.json<{ sessionId: string }>([
      'session',
      'new',
      '--dir',
      'example',
      '--name',
      'relative',
      '--include-changes',
      '--',
      'cat',
      'readme.md',
    ]);
    const { source, terminals } = await commands.json<SessionView>(['session', 'show', made.sessionId]);
    expect(source).toBe(await realpath(commands.cwd));
    expect(terminals[0]?.command).toEqual(['cat', 'readme.md']);
    await expect.poll(() => commands.screen('relative'), { timeout: 20_000 }).toContain('# example');
  });

  it('[CLI11] session stop, resume and end say where the session is and what became of its checkout', async () => {
    const sessionId = await commands.session('life');
    expect(await commands.json(['session', 'stop', 'life'])).toMatchObject({ sessionId, status: 'paused' });
    expect(await commands.json(['session', 'resume', 'life'])).toMatchObject({ sessionId, status: 'idle' });
    expect(await commands.json(['session', 'end', 'life'])).toMatchObject({ sessionId, checkout: 'unchanged' });
    const kept = await commands.session('kept', ['sh', '-c', 'echo work > file; exec sleep 600']);
    await expect
      .poll(() => readFile(join(server.home, 'sessions', kept, 'checkout', 'file'), 'utf8').catch(() => ''), {
        timeout: 20_000,
      })
      .toBe('work\n');
    const end = await commands.run(['session', 'end', 'kept']);
    expect(end.stdout).toMatch(/^ended; checkout kept at \/.*checkout: /);
    expect(await commands.json(['session', 'end', 'kept', '--discard'])).toMatchObject({ checkout: 'discarded' });
  });

  it('[CLI5] the exit code is that of the server’s error', async () => {
    const codes = async (...args: string[]) => (await commands.run(args)).exitCode;
    expect(await codes('session', 'show', 'nobody')).toBe(10);
    expect(await codes('session', 'new', '--dir', '/nonexistent')).toBe(2);
    expect(await codes('session', 'list', '--group', 'nonsense')).toBe(2);
    const gone = await commands.session('gone');
    await commands.run(['session', 'end', gone]);
    expect(await codes('session', 'resume', gone)).toBe(9);
    const refused = await commands.run(['ps'], {
      env: { OMNIGENT_URL: server.url, OMNIGENT_TOKEN: 'key_notoneofours' },
    });
    expect(refused).toMatchObject({
      exitCode: 6,
      stdout: '',
      stderr: expect.stringMatching(/^omnigent: sign in .*\n$/),
    });
  });

  it('[CLI7] OMNIGENT_URL and OMNIGENT_TOKEN name another server than that of OMNIGENT_HOME', async () => {
    const token = (await readFile(join(server.home, 'cli.token'), 'utf8')).trim();
    const env = { OMNIGENT_HOME: '/nonexistent', OMNIGENT_URL: `${server.url}/`, OMNIGENT_TOKEN: token };
    expect(await commands.json(['ps'], { env })).toMatchObject({ server: { pid: server.pid } });
    expect(await commands.run(['ps'], { env: { OMNIGENT_HOME: '/nonexistent' } })).toMatchObject({ exitCode: 3 });
  });

  it('[CLI12] several names of `url --as` are several people', async () => {
    const ada = await server.signIn('Ada');
    const { url } = await commands.json<{ url: string }>(['url', '--as', 'Grace']);
    expect(url).toMatch(new RegExp(`^${server.url}/sign-in#t=`));
    expect(ada.name).toBe('Ada');
    const mine = await commands.run(['url']);
    expect(mine.stdout).toMatch(/^http:.*#t=[\w-]+\n$/);
  });
});

describe('events', { timeout: 120_000 }, () => {
  it('[CLI8] a reader that has enough ends the command quietly, Ctrl-C ends it with 130', async () => {
    const sessionId = await commands.session('quiet');
    const closed = commands.start(['session', 'events', sessionId, '--follow']);
    closed.child.stdout.once('data', () => closed.child.stdout.destroy());
    await expect.poll(() => closed.stdout, { timeout: 20_000 }).not.toBe('');
    await commands.run(['terminal', 'new', sessionId]);
    expect(await closed.finished).toMatchObject({ exitCode: 0, stderr: '' });
    const followed = commands.start(['session', 'events', sessionId, '--follow']);
    await expect.poll(() => followed.stdout, { timeout: 20_000 }).not.toBe('');
    followed.child.kill('SIGINT');
    expect(await followed.finished).toMatchObject({ exitCode: 130, stderr: '' });
  });

  it('[CLI9] --follow prints every event once and in order through a killed server, and ends with the session', async () => {
    const sessionId = await commands.session('follow');
    const followed = commands.start(['session', 'events', sessionId, '--after', '2', '--follow']);
    await expect.poll(() => eventsOf(followed.stdout).length, { timeout: 20_000 }).toBeGreaterThan(2);
    await server.kill();
    await server.restart();
    await expect
      .poll(() => commands.run(['terminal', 'new', sessionId]), { timeout: 20_000 })
      .toMatchObject({ exitCode: 0 });
    await server.kill();
    await server.restart();
    await commands.run(['session', 'end', sessionId]);
    const { exitCode, stdout } = await followed.finished;
    const events = eventsOf(stdout);
    expect(exitCode).toBe(0);
    expect(events.at(-1)?.type).toBe('session.ended');
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 3));
    const stored = eventsOf((await commands.run(['session', 'events', sessionId, '--after', '2'])).stdout);
    expect(stored.slice(0, events.length)).toEqual(events);
  });
});
