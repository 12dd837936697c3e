// @ts-check
// The Node.js programs: one TypeScript entry in, one file in dist/ out. Knows nothing of the web app.
import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { BuildError } from './report.mjs';

/** Native, or looked for by `ws` where a person installed them. */
const never = ['@lydell/node-pty', 'bufferutil', 'utf-8-validate'];

/**
 * Entry of each program, and whether its packages go into its file. Inside, they load in a third of the time, which is
 * most of what a runner or a command spends before its own first line. The server leaves them outside: Next loads its own.
 * @type {Record<string, { entry: string, hasPackagesInside: boolean }>}
 */
const programs = {
  server: { entry: 'server/main.ts', hasPackagesInside: false },
  runner: { entry: 'runner/main.ts', hasPackagesInside: true },
  cli: { entry: 'cli/main.ts', hasPackagesInside: true },
};

/** Bundled CommonJS packages call `require` for Node's own modules. */
const requireBanner =
  "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);";

/**
 * Builds one program and returns its source files, relative to `root`. Throws BuildError with esbuild's own text.
 * @param {string} root
 * @param {string} name `server`, `runner` or `cli`
 * @returns {Promise<string[]>}
 */
export async function bundle(root, name) {
  const program = programs[name];
  if (!program) throw new Error(`no such program: ${name}`);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const outdir = join(root, 'dist');
  const fresh = join(outdir, '.fresh');
  mkdirSync(fresh, { recursive: true });
  const result = await build({
    absWorkingDir: root,
    entryPoints: { [name]: program.entry },
    outdir: fresh,
    bundle: true,
    // A runner parses its file before its first line: a third less of it is some 25 ms. Names stay, for stack traces.
    minifyWhitespace: program.hasPackagesInside,
    minifySyntax: program.hasPackagesInside,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    sourcemap: true,
    sourcesContent: false,
    banner: { js: requireBanner },
    define: { 'process.env.npm_package_version': JSON.stringify(version) },
    metafile: true,
    logLevel: 'silent',
    packages: program.hasPackagesInside ? 'bundle' : 'external',
    external: never,
  }).catch((cause) => {
    throw new BuildError(`building ${name} failed\n${cause.message}`, { cause });
  });
  for (const file of [`${name}.js.map`, `${name}.js`]) renameSync(join(fresh, file), join(outdir, file));
  return Object.keys(result.metafile.inputs).filter((path) => !path.startsWith('node_modules/'));
}
