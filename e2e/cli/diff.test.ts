/** `omnigent diff --against`, as a process of its own, on a real server with our agent and a scripted model. */
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ModelServer } from '../model/server.ts';
import { ServerProcess } from '../server-process.ts';
import { Commands, makeRepository } from './command.ts';

// Each command is a process of its own.
vi.setConfig({ testTimeout: 180_000 });

let model: ModelServer;
let server: ServerProcess;
let omnigent: Commands;

const shell = (contains: string, command: string) => ({ match: { contains }, steps: [{ shell: command }] });

beforeAll(async () => {
  model = await ModelServer.start(0);
  model.play({
    rules: [
      { match: { hasToolResult: true }, steps: [{ text: 'Done.' }] },
      shell('turn one', 'printf "one\\n" > one.txt; printf "shared\\n" > shared.txt'),
      shell('turn two', 'printf "one\\ntwo\\n" > one.txt; printf "x\\n" > untracked.txt'),
      shell('turn three', 'mv shared.txt renamed.txt; rm readme.md; git add -A'),
      shell('turn four', 'printf "four\\n" > four.txt'),
    ],
  });
  const env = { ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: 'sk-scripted-model' };
  server = await ServerProcess.start({ env });
  const dir = join(server.folder, 'repository');
  await makeRepository(dir);
  omnigent = new Commands(server, dir);
});
afterAll(async () => {
  await server?.stop();
  await model?.close();
});

interface Session {
  sessionId: string;
  checkout: string;
}
interface Diff {
  files: { path: string; change: string; added: number; removed: number }[];
}

const begin = (name: string) =>
  omnigent.json<Session>(['session', 'new', '--dir', omnigent.cwd, '--harness', 'acp:example', '--name', name]);
const turn = async (session: string, prompt: string): Promise<string> => {
  const { turnId, status } = await omnigent.json<{ turnId: string; status: string }>([
    ...['session', 'send', session, prompt, '--wait'],
  ]);
  expect(status).toBe('completed');
  return turnId;
};
const against = async (session: string, what: string) =>
  (await omnigent.json<Diff>(['diff', session, '--against', what])).files.map(
    ({ path, change, added, removed }) => `${change} ${path} +${added} -${removed}`,
  );
const refused = async (...args: string[]) => {
  const { exitCode, stderr } = await omnigent.run(['diff', ...args]);
  return [exitCode, stderr] as const;
};

it('[TRN13] a turn is shown with those after it, through a commit, a kill -9 of the runner and edits by hand', async () => {
  const { sessionId, checkout } = await begin('turns');
  const [one, two] = [await turn('turns', 'turn one'), await turn('turns', 'turn two')];
  const facts = async () => [
    (await readFile(join(checkout, '.git', 'index'))).toString('base64'),
    execFileSync('git', ['-c', 'safe.directory=*', '--no-optional-locks', 'status', '--porcelain'], {
      cwd: checkout,
      encoding: 'utf8',
    }),
    execFileSync('git', ['-c', 'safe.directory=*', 'for-each-ref'], { cwd: checkout, encoding: 'utf8' }),
  ];
  const before = await facts();
  const ofTwo = ['modified one.txt +1 -0', 'added untracked.txt +1 -0'];
  expect(await against('turns', `turn:${two}`)).toEqual(ofTwo);
  expect(await facts()).toEqual(before);
  const three = await turn('turns', 'turn three');
  const ofThree = ['deleted readme.md +0 -1', 'added renamed.txt +1 -0', 'deleted shared.txt +0 -1'];
  expect(await against('turns', `turn:${three}`)).toEqual(ofThree);
  expect(await against('turns', `turn:${two}`)).toEqual([...ofTwo, ...ofThree].sort(byPath));
  expect(await against('turns', `turn:${one}`)).toEqual(await against('turns', 'base'));
  const unified = await omnigent.run(['diff', 'turns', '--against', `turn:${two}`]);
  expect(unified).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('+two\n') });
  expect(unified.stdout).not.toContain('+one\n');

  const { sessions } = await omnigent.json<{ sessions: { id: string; status: string; runner: { pid: number } }[] }>([
    'ps',
  ]);
  const pid = sessions.find(({ id }) => id === sessionId)?.runner.pid ?? 0;
  expect(pid).toBeGreaterThan(1);
  process.kill(pid, 'SIGKILL');
  await writeFile(join(checkout, 'by hand.txt'), 'h\n');
  await vi.waitFor(async () => expect((await omnigent.run(['session', 'resume', 'turns'])).exitCode).toBe(0), {
    timeout: 30_000,
    interval: 500,
  });
  const four = await turn('turns', 'turn four');
  expect(await against('turns', `turn:${four}`)).toEqual(['added by hand.txt +1 -0', 'added four.txt +1 -0']);
  expect(await against('turns', `turn:${three}`)).toEqual(
    [...ofThree, 'added by hand.txt +1 -0', 'added four.txt +1 -0'].sort(byPath),
  );
});

it('[TRN15] another session is compared with, also a stopped one; what cannot be is refused with the code of the contract', async () => {
  const [a, b] = [await begin('mine'), await begin('theirs')];
  const turnId = await turn('mine', 'turn one');
  await writeFile(join(b.checkout, 'one.txt'), 'other\n');
  const files = ['modified one.txt +1 -1', 'added shared.txt +1 -0'];
  expect(await against('mine', b.sessionId)).toEqual(files);
  expect((await omnigent.run(['session', 'stop', 'theirs'])).exitCode).toBe(0);
  expect(await against('mine', b.sessionId)).toEqual(files);
  const [mine, theirs] = [a.sessionId, b.sessionId];
  expect(await refused('theirs', '--against', 'base')).toEqual([9, expect.stringContaining('resume it first')]);
  expect(await refused(mine, '--against', 'head')).toEqual([2, expect.stringContaining('against: expected base')]);
  expect(await refused(theirs, '--against', `turn:${turnId}`)).toEqual([
    10,
    expect.stringContaining('against: no turn'),
  ]);
  const nobody = `ses_${'0'.repeat(26)}`;
  expect(await refused(mine, '--against', nobody)).toEqual([
    10,
    expect.stringContaining(`against: no session ${nobody}`),
  ]);
  const stranger = join(server.folder, 'stranger');
  await makeRepository(stranger);
  await writeFile(join(stranger, 'readme.md'), 'another\n');
  execFileSync('git', ['-c', 'user.name=B', '-c', 'user.email=b@example.com', 'commit', '--amend', '-qam', 'other'], {
    cwd: stranger,
  });
  const { sessionId } = await omnigent.json<Session>(['session', 'new', '--dir', stranger, '--harness', 'acp:example']);
  expect(await refused(mine, '--against', sessionId)).toEqual([2, expect.stringContaining('another repository')]);
  await omnigent.run(['session', 'end', 'theirs', '--discard']);
  expect(await refused(mine, '--against', theirs)).toEqual([9, expect.stringContaining('was removed')]);
  const { stdout } = await omnigent.run(['diff', '--help']);
  expect(stdout).toMatch(/turn:TRN.*ses_/s);
});

const byPath = (a: string, b: string) => (pathOf(a) < pathOf(b) ? -1 : 1);
const pathOf = (line: string) => line.replace(/^\w+ /, '');
