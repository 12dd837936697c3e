/** Programs as they are, git and npm, through credential routes: the agent port, the server, an upstream that speaks https. */
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { setUpCredentials } from '#runner/credential-setup.ts';
import { openTestServer, type TestServer, type Visitor } from '#server/testing.ts';
import { admit, dumpOf, eventsOf, type Program, store } from './place.ts';
import { findInProcesses } from './process-memory.ts';
import { Upstream } from './upstream.ts';

const execute = promisify(execFile);
const value = 'ghp_0123456789nobodymaysee';
const basic = `Basic ${Buffer.from(`bot:${value}`).toString('base64')}`;
/** Every form in which it would be of use. */
const forms = [
  value,
  Buffer.from(`bot:${value}`).toString('base64').replace(/=+$/, ''),
  Buffer.from(value).toString('hex'),
];
let upstream: Upstream;
let server: TestServer;
let ada: Visitor;
let folder: string;

beforeAll(async () => {
  upstream = await Upstream.start();
  server = await openTestServer({}, undefined, { trustedCa: upstream.ca });
  ada = await server.signIn('ada');
  folder = await mkdtemp(join(tmpdir(), 'omnigent-program-'));
});
afterAll(async () => {
  await server.close();
  await upstream.close();
  await rm(folder, { recursive: true, force: true });
});

/** Stands before the server and keeps every byte that the runner and the server say to each other. */
async function listenIn(url: string): Promise<{ url: string; heard: () => string }> {
  const chunks: Buffer[] = [];
  const to = { host: '127.0.0.1', port: Number(new URL(url).port) };
  const own = { port: 0 };
  const proxy = createServer((near) => {
    const far = connect(to);
    near.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      // The server answers by its own name only.
      far.write(chunk.toString('latin1').replace(`127.0.0.1:${own.port}`, `127.0.0.1:${to.port}`), 'latin1');
    });
    near.on('end', () => far.end());
    far.on('data', (chunk: Buffer) => void chunks.push(chunk));
    far.pipe(near);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void proxy.close());
  own.port = (proxy.address() as AddressInfo).port;
  return { url: `http://127.0.0.1:${own.port}`, heard: () => Buffer.concat(chunks).toString('latin1') };
}

/** What a program of the session is started with. */
async function environmentFor(program: Program, mark: string): Promise<NodeJS.ProcessEnv> {
  const home = await mkdtemp(join(folder, 'home-'));
  const author = {
    GIT_AUTHOR_NAME: 'A',
    GIT_AUTHOR_EMAIL: 'a@example.com',
    GIT_COMMITTER_NAME: 'A',
    GIT_COMMITTER_EMAIL: 'a@example.com',
  };
  return {
    NODE_ENV: 'test',
    ...{ PATH: process.env.PATH ?? '', HOME: home, OMNIGENT_TEST_MARK: mark, GIT_CONFIG_NOSYSTEM: '1', ...author },
    ...(await setUpCredentials(program, home)),
  };
}

/** Every file below `path`, as text. */
async function filesIn(path: string): Promise<string> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const texts = entries
    .filter((entry) => entry.isFile())
    .map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1'));
  return (await Promise.all(texts)).join('\n');
}

it('[CRD14] git clones and pushes by a repository’s usual address, and the credential is nowhere in the sandbox', async () => {
  const root = join(upstream.folder, 'root');
  await execute('git', ['init', '-q', '--bare', '-b', 'main', join(root, 'team', 'app.git')]);
  upstream.serveGit(root, basic);
  const program = await admit(server, ada);
  const line = await listenIn(server.url);
  program.reachServerAt(line.url);
  await store(server, ada, { name: 'forge', url: `${upstream.url}/team/`, use: { kind: 'basic', user: 'bot' }, value });
  const mark = `mark-${randomBytes(8).toString('hex')}`;
  const env = await environmentFor(program, mark);
  const trace = join(folder, 'trace');
  const address = `${upstream.url}/team/app.git`;
  const cwd = join(env.HOME ?? folder, 'app');
  const git = (...args: string[]) =>
    execute('git', args, {
      cwd: args[0] === 'clone' ? env.HOME : cwd,
      env: { ...env, GIT_TRACE: trace, GIT_TRACE_CURL: trace },
    });
  const said = [await git('clone', address, cwd)];
  await writeFile(join(cwd, 'large.bin'), randomBytes(3 * 1024 * 1024));
  await git('add', '-A');
  await git('commit', '-qm', 'a large file');

  // While git waits for the answer to what it pushed, all that it holds is looked through.
  const serve = upstream.answer;
  const held: Awaited<ReturnType<typeof findInProcesses>> = [];
  upstream.answer = (request, response) => {
    if (request.method !== 'POST') return serve(request, response);
    void findInProcesses(mark, [program.programToken, ...forms]).then((found) => {
      held.push(...found);
      serve(request, response);
    });
  };
  said.push(await git('push', 'origin', 'HEAD:main'));
  upstream.answer = serve;
  said.push(await git('pull', 'origin', 'main'), await git('config', 'remote.origin.url'));

  const clone = join(folder, 'again');
  await execute('git', ['clone', '-q', address, clone], { env });
  expect((await readFile(join(clone, 'large.bin'))).length).toBe(3 * 1024 * 1024);
  expect(said.at(-1)?.stdout.trim()).toBe(address);
  expect(held.map(({ name }) => name)).toContain('git-remote-http');
  for (const { found } of held) expect(found).toEqual([program.programToken]);
  const heard = line.heard();
  expect(heard).toContain('/gateway/credentials/forge/team/app.git/git-receive-pack');
  const seen = {
    ...{
      environment: JSON.stringify(env),
      output: JSON.stringify(said),
      trace: await readFile(trace, 'latin1'),
      heard,
    },
    ...{ files: `${await filesIn(cwd)}\n${await filesIn(clone)}`, runner: program.lines.join('\n') },
    ...{ server: server.lines.join('\n'), rows: await dumpOf(server) },
    ...{ log: JSON.stringify(await eventsOf(server, program.sessionId)) },
  };
  for (const [where, text] of Object.entries(seen))
    for (const form of forms) expect(text.includes(form), where).toBe(false);
  expect(seen.log).toContain('"type":"credential.used"');
}, 60_000);

it('[CRD14] a credential that the upstream does not take ends git with the reason, and asks nobody', async () => {
  const program = await admit(server, ada);
  await store(server, ada, {
    name: 'forge',
    url: `${upstream.url}/team/`,
    use: { kind: 'basic', user: 'bot' },
    value: 'a-wrong-one',
  });
  const env = await environmentFor(program, 'wrong');
  const clone = execute('git', ['clone', `${upstream.url}/team/app.git`, join(folder, 'wrong')], {
    env,
    timeout: 20_000,
  });
  await expect(clone).rejects.toMatchObject({ stderr: expect.stringMatching(/does not take the credential forge/) });
});

/** A package as npm packs it. */
async function packed(name: string): Promise<Buffer> {
  const root = join(folder, `pack-${name.replace(/\W/g, '')}`);
  await mkdir(join(root, 'package'), { recursive: true });
  await writeFile(join(root, 'package', 'package.json'), JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
  await writeFile(join(root, 'package', 'index.js'), 'module.exports = 7;\n');
  await execute('tar', ['-czf', join(root, 'package.tgz'), '-C', root, 'package']);
  return readFile(join(root, 'package.tgz'));
}

/** A registry at `/api/npm/` for whoever shows the token. */
async function serveRegistry(names: string[]): Promise<void> {
  const answers = new Map<string, string | Buffer>();
  for (const name of names) {
    const tarball = await packed(name);
    const path = `/api/npm/${name}/-/package-1.0.0.tgz`;
    const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
    const version = { name, version: '1.0.0', dist: { tarball: `${upstream.url}${path}`, integrity } };
    answers.set(path, tarball);
    answers.set(
      `/api/npm/${name}`,
      JSON.stringify({ name, 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': version } }),
    );
  }
  upstream.answer = ({ url = '', headers }, response) => {
    const answer = headers.authorization === `Bearer ${value}` ? answers.get(decodeURIComponent(url)) : undefined;
    response.writeHead(answer ? 200 : 401).end(answer ?? '{"error":"who are you?"}');
  };
}

it('[CRD15] npm installs from a private registry, also from a lock file, which keeps the registry’s addresses', async () => {
  await serveRegistry(['plain', '@team/scoped']);
  const program = await admit(server, ada);
  await store(server, ada, { name: 'packages', url: `${upstream.url}/api/npm/`, use: { kind: 'npm' }, value });
  const env = await environmentFor(program, 'npm');
  const cwd = join(env.HOME ?? folder, 'project');
  await mkdir(cwd);
  // A project that names its registry means the same one.
  await writeFile(join(cwd, '.npmrc'), `registry=${upstream.url}/api/npm/\n`);
  // A shell between passes on what a shell can.
  const npm = (command: string) =>
    execute('sh', ['-c', `npm ${command} --no-audit --no-fund --loglevel=error`], { cwd, env });
  await npm('install plain @team/scoped');
  const lock = await readFile(join(cwd, 'package-lock.json'), 'utf8');
  expect(lock.match(/"resolved": "([^"]*)"/g)).toEqual([
    `"resolved": "${upstream.url}/api/npm/@team/scoped/-/package-1.0.0.tgz"`,
    `"resolved": "${upstream.url}/api/npm/plain/-/package-1.0.0.tgz"`,
  ]);
  for (const path of [join(cwd, 'node_modules'), join(env.HOME ?? folder, '.npm')]) await rm(path, { recursive: true });
  await npm('ci');
  expect(await readFile(join(cwd, 'node_modules', 'plain', 'index.js'), 'utf8')).toContain('7');
  expect(await filesIn(env.HOME ?? folder)).not.toContain(value);
  const events = await eventsOf(server, program.sessionId);
  expect(events.filter(({ type }) => type === 'credential.used')).toHaveLength(1);
}, 90_000);

it('[CRD15] what a program put in the place of npm’s settings is replaced, and what it leads to stays as it is', async () => {
  const program = await admit(server, ada);
  await store(server, ada, { name: 'packages', url: `${upstream.url}/api/npm/`, use: { kind: 'npm' }, value });
  const home = await mkdtemp(join(folder, 'home-'));
  const outside = join(folder, 'outside');
  await writeFile(outside, 'untouched');
  await symlink(outside, join(home, '.omnigent-npmrc'));
  const { npm_config_globalconfig: file } = await setUpCredentials(program, home);
  expect(await readFile(file ?? '', 'utf8')).toMatch(/:_authToken=agp_.*\.packages\n$/);
  expect(await readFile(outside, 'utf8')).toBe('untouched');
});

it('[CRD16] any other program finds a route by its variable, with the token as bearer or password', async () => {
  upstream.answer = ({ headers }, response) => void response.end(headers['x-api-key'] === value ? 'known' : 'unknown');
  const program = await admit(server, ada);
  await store(server, ada, {
    name: 'issue-tracker',
    url: `${upstream.url}/api/v2`,
    use: { kind: 'header', header: 'X-Api-Key' },
    value,
  });
  const env = await environmentFor(program, 'api');
  const url = `${env.OMNIGENT_CREDENTIAL_ISSUE_TRACKER_URL}/issues`;
  const { stdout } = await execute('curl', ['-sS', '-u', `any:${env.OMNIGENT_CREDENTIAL_TOKEN}`, url], { env });
  expect(stdout).toBe('known');
  const headers = { authorization: `Bearer ${env.OMNIGENT_CREDENTIAL_TOKEN}` };
  expect(await (await fetch(url, { headers })).text()).toBe('known');
  // A large body is announced, and sent once the port says that it may come.
  const file = join(folder, 'upload.bin');
  await writeFile(file, randomBytes(2 * 1024 * 1024));
  const upload = [
    '-sS',
    '-H',
    'Expect: 100-continue',
    '-H',
    `x-omnigent-token: ${program.programToken}`,
    '-T',
    file,
    url,
  ];
  expect((await execute('curl', upload, { env })).stdout).toBe('known');
  expect((await fetch(url)).status).toBe(401);
  expect(env.GIT_CONFIG_VALUE_0 ?? '').not.toContain('issue-tracker');
});
