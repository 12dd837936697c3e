// One session from the outside, with the README's own commands: start, new session, type, see, end, stop.
// Plain JavaScript and nothing imported from the tree, so that any Node.js it is run with is the one under test.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const readyMs = 180_000;
const screenMs = 60_000;
const stopMs = 10_000;

const folder = mkdtempSync(join(tmpdir(), 'omnigent-smoke-'));
chmodSync(folder, 0o711);
const home = join(folder, 'home');
const source = join(folder, 'source');
const env = { ...process.env, OMNIGENT_HOME: home, PORT: '0', SHELL: '/bin/bash' };

/** Runs a program to its end and returns its stdout. Throws unless it exits 0. */
async function run(program, args) {
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: exit ${code}\n${output}`);
  return output;
}

const omnigent = async (...args) => JSON.parse(await run('npx', ['omnigent', ...args, '--json']));

/** A repository with one commit. */
async function makeSource() {
  mkdirSync(source);
  writeFileSync(join(source, 'README.md'), '# Example\n');
  const author = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com'];
  await run('git', ['init', '-q', source]);
  await run('git', ['-C', source, 'add', '.']);
  await run('git', ['-C', source, ...author, 'commit', '-qm', 'First']);
}

/** `npm start`, until its ready line; npm may print its own lines before. */
async function start() {
  const server = spawn('npm', ['start'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const late = setTimeout(() => server.kill('SIGKILL'), readyMs);
  for await (const line of createInterface({ input: server.stdout })) {
    if (!line.startsWith('ready http://127.0.0.1:')) continue;
    clearTimeout(late);
    server.stdout.resume();
    return server;
  }
  throw new Error('the server ended before it was ready');
}

/** Types a line, waits until the screen shows what it prints (not what was typed), and leaves the shell. */
async function typeAndSee(sessionId) {
  const attached = spawn('npx', ['omnigent', 'attach', sessionId, '--pipe'], {
    env,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const left = once(attached, 'close');
  attached.stdin.write('echo smoke-$((40+2))\r');
  for (const since = Date.now(); ; await sleep(200)) {
    const { lines } = await omnigent('terminal', 'screen', sessionId);
    if (lines.some((line) => line.includes('smoke-42'))) break;
    if (Date.now() - since > screenMs) throw new Error(`the screen never showed it:\n${lines.join('\n')}`);
  }
  attached.stdin.end('exit\r');
  const [code] = await left;
  if (code !== 0) throw new Error(`attach ended with exit ${code}`);
}

/** SIGTERM; the server has to be gone in time, with exit 0 and without its server.json. */
async function stop(server) {
  const since = Date.now();
  server.kill('SIGTERM');
  const [code] = server.exitCode === null ? await once(server, 'exit') : [server.exitCode];
  if (code !== 0) throw new Error(`stopped with exit ${code}`);
  if (Date.now() - since > stopMs) throw new Error(`took ${Date.now() - since} ms to stop`);
  if (existsSync(join(home, 'server.json'))) throw new Error('server.json is left behind');
}

await makeSource();
const server = await start();
let sessionId = null;
try {
  ({ sessionId } = await omnigent('session', 'new', '--dir', source));
  await typeAndSee(sessionId);
} finally {
  if (sessionId) await omnigent('session', 'end', sessionId, '--discard');
  await stop(server);
  rmSync(folder, { recursive: true });
}
process.stdout.write(`a session works on Node.js ${process.version}\n`);
