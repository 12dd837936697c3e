/** Starts the real build in a throwaway tree of two tiny programs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

const project = fileURLToPath(new URL('../..', import.meta.url));
const command = 'bin/omnigent/main.mjs';
let root = '';

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** Sources are older than any build, as in a clone that has been there for a moment. */
function age(path: string): void {
  const minuteAgo = new Date(Date.now() - 60_000);
  utimesSync(join(root, path), minuteAgo, minuteAgo);
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'omnigent-build-'));
  chmodSync(root, 0o755);
  for (const path of ['bin', 'patches', 'package.json', 'package-lock.json']) {
    cpSync(join(project, path), join(root, path), { recursive: true, preserveTimestamps: true });
  }
  symlinkSync(join(project, 'node_modules'), join(root, 'node_modules'));
  write('protocol/word.ts', "export const word: string = 'first';\n");
  write(
    'cli/main.ts',
    "import { word } from '#protocol/word.ts';\nconsole.log(word, process.argv.slice(2).join(' '));\n",
  );
  write('server/main.ts', "console.log('served');\n");
  for (const path of ['protocol/word.ts', 'cli/main.ts', 'server/main.ts', 'package.json', 'package-lock.json'])
    age(path);
  for (const folder of ['bin/build', 'patches'])
    for (const name of readdirSync(join(root, folder))) age(`${folder}/${name}`);
});

afterEach(() => rmSync(root, { recursive: true }));

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

async function ended(child: ChildProcess): Promise<Ended> {
  const result = { stdout: '', stderr: '' };
  child.stdout?.on('data', (text) => {
    result.stdout += text;
  });
  child.stderr?.on('data', (text) => {
    result.stderr += text;
  });
  const [code] = await once(child, 'close');
  return { code, ...result };
}

const run = (args: string[], uid?: number): Promise<Ended> =>
  ended(spawn(process.execPath, args, { cwd: root, ...(uid === undefined ? {} : { uid, gid: uid }) }));
const omnigent = (...args: string[]) => run([command, ...args]);
const buildBoth = () =>
  run(['-e', "import('./bin/build/ensure.mjs').then((m) => m.ensureBuilt(['server', 'cli'], console.error))"]);
const builtAt = (program: string): number => statSync(join(root, `dist/${program}.js`)).mtimeMs;

it('[START1] builds what is stale and nothing else', async () => {
  expect(await omnigent('one', 'two')).toEqual({ code: 0, stdout: 'first one two\n', stderr: '' });
  await buildBoth();
  const before = { cli: builtAt('cli'), server: builtAt('server') };
  await buildBoth();
  expect({ cli: builtAt('cli'), server: builtAt('server') }).toEqual(before);
  write('protocol/word.ts', "export const word: string = 'second';\n");
  await buildBoth();
  expect(builtAt('cli')).toBeGreaterThan(before.cli);
  expect(builtAt('server')).toBe(before.server);
  expect((await omnigent()).stdout).toBe('second \n');
});

it('[START2] several commands at once build one after the other and all work', async () => {
  const all = await Promise.all(['a', 'b', 'c', 'd'].map((name) => omnigent(name)));
  expect(all.map((each) => each.stdout)).toEqual(['first a\n', 'first b\n', 'first c\n', 'first d\n']);
  expect(readdirSync(join(root, 'dist')).filter((name) => name.includes('lock'))).toEqual([]);
});

it('[START3] a lock left by a dead builder, or by one whose pid is reused, does not stop the next', async () => {
  const dead = spawn(process.execPath, ['-e', '0']);
  await once(dead, 'close');
  write('dist/cli.lock', String(dead.pid));
  expect((await omnigent()).stdout).toBe('first \n');
  write('dist/server.lock', String(process.pid));
  utimesSync(join(root, 'dist/server.lock'), 0, 0);
  expect(await buildBoth()).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(existsSync(join(root, 'dist/server.js'))).toBe(true);
});

it('[START4] a tree that needs a build and cannot be written is refused; a built one runs', async () => {
  const nobody = process.getuid?.() === 0 ? 65_534 : undefined;
  chmodSync(root, nobody === undefined ? 0o555 : 0o755);
  const refused = await run([command], nobody);
  chmodSync(root, 0o755);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/cannot write to .*dist.* \(EACCES\)\. Run `npm run build` once as the user who owns/);
  await omnigent();
  expect((await run([command], nobody)).stdout).toBe('first \n');
});

it('[START5] sources that do not compile are reported with file and line', async () => {
  write('cli/main.ts', 'const word = ;\n');
  const broken = await omnigent();
  expect(broken.code).toBe(1);
  expect(broken.stderr).toMatch(/^building cli failed\n[\s\S]*cli\/main\.ts:1:13/);
});

it.each(['start', 'omnigent/main', 'build'])('[START6] %s refuses an older Node.js in one line', async (program) => {
  const older = "data:text/javascript,Object.defineProperty(process.versions,'node',{value:'18.20.4'})";
  const refused = await run(['--import', older, `bin/${program}.mjs`]);
  expect(refused.code).toBe(1);
  expect(refused.stdout).toBe('');
  expect(refused.stderr).toMatch(/^Omnigent needs Node\.js 20\.19 or newer; this is .*\n$/);
});
