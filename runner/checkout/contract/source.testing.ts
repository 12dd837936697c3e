/** Sources for the checkout contract: real repositories made with the real git, in folders that clean up after themselves. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const identity = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  HOME: '/nonexistent',
};

/** Git as a person would run it: hooks and configuration of the repository apply. */
export function git(cwd: string, ...args: string[]): string {
  const env = { ...process.env, ...identity };
  return execFileSync('git', args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    .toString()
    .trim();
}

/** The same with bytes on standard input. */
export function gitInput(cwd: string, input: Uint8Array | string, ...args: string[]): string {
  const env = { ...process.env, ...identity };
  return execFileSync('git', args, { cwd, env, input, stdio: ['pipe', 'pipe', 'pipe'] })
    .toString()
    .trim();
}

/** In memory where there is room: making tens of thousands of files takes minutes on some disks. */
export function roomyFolder(): string {
  const memory = '/dev/shm';
  const { bavail, bsize } = statfsSync(existsSync(memory) ? memory : tmpdir());
  return existsSync(memory) && bavail * bsize > 2 * 1024 ** 3 ? memory : tmpdir();
}

/** A repository on `main` whose one commit has these files, and whose working tree has none of them. */
export function importFiles(top: string, files: readonly { path: string; content: string }[]): void {
  const lines = files.map(({ path, content }) => `M 100644 inline ${path}\ndata ${content.length}\n${content}\n`);
  mkdirSync(top, { recursive: true });
  git(top, 'init', '-q', '-b', 'main');
  const commit = `commit refs/heads/main\ncommitter Ada <ada@example.com> 1700000000 +0000\ndata 5\nfirst\n`;
  gitInput(top, `${commit}${lines.join('')}`, 'fast-import', '--quiet');
}

export class Workplace {
  /** A real path. */
  readonly folder: string;
  #count = 0;

  constructor(parent = tmpdir()) {
    this.folder = realpathSync(mkdtempSync(join(parent, 'omnigent-checkout-')));
  }

  /** A path in the workplace; its parent exists. */
  path(...parts: string[]): string {
    const path = join(this.folder, ...parts);
    mkdirSync(dirname(path), { recursive: true });
    return path;
  }

  /** A session folder that does not exist yet. */
  session(): string {
    this.#count += 1;
    return this.path('home', 'sessions', `ses-${this.#count}`);
  }

  write(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }

  /** A repository on `main` with these files in one commit. */
  repository(
    name: string,
    files: Record<string, string> = { 'README.md': 'hello\n', 'src/app.ts': 'export {};\n' },
  ): string {
    const top = this.path(name);
    mkdirSync(top, { recursive: true });
    git(top, 'init', '-q', '-b', 'main');
    for (const [path, content] of Object.entries(files)) this.write(join(top, path), content);
    this.commit(top, 'first');
    return top;
  }

  commit(top: string, message: string): string {
    git(top, 'add', '-A');
    git(top, 'commit', '-q', '--allow-empty', '-m', message);
    return git(top, 'rev-parse', 'HEAD');
  }

  remove(): void {
    openUp(this.folder);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function openUp(path: string): void {
  if (!lstatSync(path).isDirectory()) return;
  chmodSync(path, 0o700);
  for (const entry of readdirSync(path, { withFileTypes: true, encoding: 'buffer' })) {
    if (entry.isDirectory()) openUpBytes(Buffer.concat([Buffer.from(`${path}/`), entry.name]));
  }
}

function openUpBytes(path: Buffer): void {
  chmodSync(path, 0o700);
  for (const entry of readdirSync(path, { withFileTypes: true, encoding: 'buffer' })) {
    if (entry.isDirectory()) openUpBytes(Buffer.concat([path, Buffer.from('/'), entry.name]));
  }
}

/**
 * One line for everything below `folder`, `.git` included: name, type, mode, owner, size, both times of change, content.
 * Only the time of the last reading is left out. Names are bytes, shown in latin1.
 */
export function describeTree(folder: string): string[] {
  const lines: string[] = [];
  const visit = (path: Buffer, name: string) => {
    const facts = lstatSync(path, { bigint: true });
    const content = facts.isFile()
      ? createHash('sha256').update(readFileSync(path)).digest('hex')
      : facts.isSymbolicLink()
        ? readlinkSync(path, { encoding: 'latin1' })
        : '';
    const { mode, uid, gid, size, mtimeNs, ctimeNs, nlink } = facts;
    lines.push([name, mode.toString(8), uid, gid, size, mtimeNs, ctimeNs, nlink, content].join(' '));
    if (!facts.isDirectory()) return;
    for (const child of readdirSync(path, { encoding: 'buffer' }).sort(Buffer.compare)) {
      visit(Buffer.concat([path, Buffer.from('/'), child]), `${name}/${child.toString('latin1')}`);
    }
  };
  visit(Buffer.from(folder), '.');
  return lines;
}

/** Content of every file below `folder` but `.git`; links as `-> target`. */
export function readFiles(folder: string): Record<string, string> {
  const files: Record<string, string> = {};
  const visit = (path: Buffer, name: string) => {
    for (const entry of readdirSync(path, { withFileTypes: true, encoding: 'buffer' })) {
      const child = Buffer.concat([path, Buffer.from('/'), entry.name]);
      const childName = name === '' ? entry.name.toString('latin1') : `${name}/${entry.name.toString('latin1')}`;
      if (childName === '.git') continue;
      if (entry.isDirectory()) visit(child, childName);
      else
        files[childName] = entry.isSymbolicLink()
          ? `-> ${readlinkSync(child, { encoding: 'latin1' })}`
          : readFileSync(child, 'latin1');
    }
  };
  visit(Buffer.from(folder), '');
  return files;
}
