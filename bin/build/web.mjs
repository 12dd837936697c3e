// @ts-check
// The web app: `next build` as a child process, and the list of files it depends on.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import { BuildError } from './report.mjs';

const noticeMs = 5_000;

/**
 * Source files of the pages, found by following their imports (types only don't count), so that a change of the server's
 * own code doesn't rebuild the web app.
 * @param {string} root
 * @returns {Promise<string[]>}
 */
async function findSources(root) {
  const entryPoints = readdirSync(join(root, 'app'), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.tsx?$/.test(path) && !path.includes('.test.'))
    .map((path) => `app/${path}`);
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints,
    outdir: 'dist',
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    jsx: 'automatic',
    packages: 'external',
    loader: { '.css': 'empty', '.svg': 'empty', '.png': 'empty', '.woff2': 'empty' },
    logLevel: 'silent',
  });
  return Object.keys(metafile.inputs);
}

/**
 * @param {string} root
 * @param {(line: string) => void} progress
 */
function runNext(root, progress) {
  const next = createRequire(join(root, 'package.json')).resolve('next/dist/bin/next');
  const startedAt = Date.now();
  const why = existsSync(join(root, '.next', 'BUILD_ID')) ? 'its sources changed' : 'first start only';
  /** @type {Buffer[]} */
  const output = [];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [next, 'build'], {
      cwd: root,
      env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const notice = () => progress(`building the web app, ${Math.round((Date.now() - startedAt) / 1000)} s (${why})`);
    const timer = setInterval(notice, noticeMs);
    /** @param {NodeJS.Signals} signal */
    const stop = (signal) => {
      if (child.pid) process.kill(-child.pid, signal);
      process.exit(signal === 'SIGINT' ? 130 : 143);
    };
    /** @param {() => void} settle */
    const finish = (settle) => {
      clearInterval(timer);
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      settle();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
    notice();
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
    child.on('error', (cause) => finish(() => reject(cause)));
    child.on('close', (code, signal) => {
      if (code === 0) return finish(() => resolve(undefined));
      const text = Buffer.concat(output).toString();
      finish(() => reject(new BuildError(`${text}\nbuilding the web app failed (${signal ?? `exit ${code}`})`)));
    });
  });
}

/**
 * Builds the pages into `.next` and returns the files and folders they came from, relative to `root`.
 * @param {string} root
 * @param {(line: string) => void} progress
 * @returns {Promise<{ files: string[], folders: string[] }>}
 */
export async function buildWeb(root, progress) {
  await runNext(root, progress);
  const configs = ['next.config.ts', 'postcss.config.mjs', 'tsconfig.json'];
  const folders = ['app', 'public'];
  return {
    files: [...(await findSources(root)), ...configs].filter((path) => existsSync(join(root, path))),
    folders: folders.filter((folder) => existsSync(join(root, folder))),
  };
}
