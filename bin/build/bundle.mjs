// @ts-check
// The Node.js programs: one TypeScript entry in, one file in dist/ out. Knows nothing of the web app.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
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
  checkout: { entry: 'runner/checkout-main.ts', hasPackagesInside: true },
  cli: { entry: 'cli/main.ts', hasPackagesInside: true },
};

/**
 * Each folder of runner/harness/ becomes a file of its own, loaded when an agent of that kind is first wanted.
 * @param {string} root
 * @returns {Record<string, string>}
 */
function harnessEntries(root) {
  const folder = 'runner/harness';
  if (!existsSync(join(root, folder))) return {};
  const names = readdirSync(join(root, folder), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return Object.fromEntries(names.map(({ name }) => [`harness/${name}`, `${folder}/${name}/index.ts`]));
}

/**
 * The example agent starts twice as fast from one file.
 * @param {string} root
 * @returns {Record<string, string>}
 */
function agentEntry(root) {
  const file = 'examples/agent/main.mjs';
  return existsSync(join(root, file)) ? { agent: file } : {};
}

/** Bundled CommonJS packages call `require` for Node's own modules. */
const requireBanner =
  "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);";

/**
 * Builds one program and returns its source files, relative to `root`. Throws BuildError with esbuild's own text.
 * @param {string} root
 * @param {string} name `server`, `runner`, `checkout` or `cli`
 * @param {{ outdir?: string, plugins?: import('esbuild').Plugin[] }} [options] where to, by default `dist`; what is changed on the way
 * @returns {Promise<string[]>}
 */
export async function bundle(root, name, { outdir = join(root, 'dist'), plugins = [] } = {}) {
  const program = programs[name];
  if (!program) throw new Error(`no such program: ${name}`);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const fresh = join(outdir, '.fresh');
  mkdirSync(fresh, { recursive: true });
  const parts = name === 'runner' ? { ...harnessEntries(root), ...agentEntry(root) } : {};
  const hasParts = Object.keys(parts).length > 0;
  const result = await build({
    absWorkingDir: root,
    plugins,
    entryPoints: { [name]: program.entry, ...parts },
    // Shared code is one file, so that an error thrown in one is recognised in the other.
    splitting: hasParts,
    chunkNames: 'runner-part-[hash]',
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
  publish(
    fresh,
    outdir,
    name,
    Object.keys(result.metafile.outputs).map((path) => relative(fresh, join(root, path))),
  );
  return Object.keys(result.metafile.inputs).filter((path) => !path.startsWith('node_modules/'));
}

/**
 * Moves what was built into place, the program itself last, and removes what an earlier build left of the same program.
 * @param {string} from
 * @param {string} to
 * @param {string} name
 * @param {string[]} files relative to both
 */
function publish(from, to, name, files) {
  const isOwn = (/** @type {string} */ file) => file === `${name}.js` || file === `${name}.js.map`;
  const ordered = [...files.filter((file) => !isOwn(file)), `${name}.js.map`, `${name}.js`];
  for (const file of ordered) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    renameSync(join(from, file), join(to, file));
  }
  if (name !== 'runner') return;
  // Runners that still run have loaded what they need.
  const kept = new Set(files);
  for (const folder of ['', 'harness/']) {
    const found = existsSync(join(to, folder)) ? readdirSync(join(to, folder)) : [];
    for (const file of found) {
      const path = `${folder}${file}`;
      const isPart = folder !== '' || file.startsWith('runner-part-');
      if (isPart && !kept.has(path)) rmSync(join(to, path), { recursive: true, force: true });
    }
  }
}
