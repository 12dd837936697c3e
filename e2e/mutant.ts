/** The product with one thing changed: what tests must notice, and what that thing costs. */
import { copyFile, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bundle } from '../bin/build/bundle.mjs';
import { projectRoot } from './server-process.ts';

export interface Mutation {
  /** Names its folder below `dist/`. */
  name: string;
  /** A file of the runner, below the project's root. */
  file: string;
  /** What is replaced there, once. */
  from: RegExp;
  to: string;
}

/** Our ACP adapter lets everything through: agents do as they like. */
export const openAdapter: Mutation = {
  name: 'open-adapter',
  file: 'runner/harness/acp/agent.ts',
  from: /await turn\.sink\.gate\([^;]+;/,
  to: "{ verdict: 'allow' as string, message: '' };",
};

/** The gate allows at once and tells nobody: hooks of agents are there and empty. */
export const emptyGate: Mutation = {
  name: 'empty-gate',
  file: 'runner/gate.ts',
  from: /const \{ ids, state, after, holdMs \} = this\.#options;\n/,
  to: "$&    if (action) return Promise.resolve({ verdict: 'allow', command: null });\n",
};

/** Builds it as a project of its own, whose other files are ours; returns its root, relative to ours. */
export async function buildMutant({ name, file, from, to }: Mutation): Promise<string> {
  const root = join('dist', name);
  const outdir = join(projectRoot, root, 'dist');
  const text = await readFile(join(projectRoot, file), 'utf8');
  if (!from.test(text)) throw new Error(`${file} says it in other words now: correct the mutation ${name}`);
  await mkdir(outdir, { recursive: true });
  for (const entry of await readdir(projectRoot)) {
    if (entry === 'dist' || entry === '.git') continue;
    await symlink(join('../..', entry), join(projectRoot, root, entry)).catch(ignoreExisting);
  }
  // What a program is part of is found from where its file really is.
  await copyFile(join(projectRoot, 'dist/server.js'), join(outdir, 'server.js'));
  const contents = text.replace(from, to);
  const changed = new RegExp(`/${file.replaceAll('.', '\\.')}$`);
  await bundle(projectRoot, 'runner', {
    outdir,
    plugins: [
      {
        name,
        setup: ({ onLoad }) =>
          onLoad({ filter: changed }, ({ path }) => ({ contents, loader: 'ts', resolveDir: dirname(path) })),
      },
    ],
  });
  return root;
}

function ignoreExisting(cause: NodeJS.ErrnoException): void {
  if (cause.code !== 'EEXIST') throw cause;
}
