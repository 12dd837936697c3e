/** A runner whose ACP adapter lets everything through: the matrix must notice. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { projectRoot } from '../server-process.ts';

const adapter = 'runner/harness/acp/agent.ts';
const asked = /await turn\.sink\.gate\([^;]+;/;

/** Its program. Built beside the real one, so that it finds the same packages and examples. */
export async function buildMutant(): Promise<string> {
  const outdir = join(projectRoot, 'dist', 'mutant');
  const text = await readFile(join(projectRoot, adapter), 'utf8');
  if (!asked.test(text)) throw new Error(`${adapter} asks the gate in other words now: correct this mutation`);
  const contents = text.replace(asked, "{ verdict: 'allow' as string, message: '' };");
  await build({
    absWorkingDir: projectRoot,
    entryPoints: { runner: 'runner/main.ts', 'harness/acp': 'runner/harness/acp/index.ts' },
    outdir,
    ...{ bundle: true, splitting: true, platform: 'node', format: 'esm', packages: 'external', logLevel: 'error' },
    plugins: [
      {
        name: 'mutation',
        setup: ({ onLoad }) =>
          onLoad({ filter: /acp\/agent\.ts$/ }, () => ({
            contents,
            loader: 'ts',
            resolveDir: join(projectRoot, 'runner/harness/acp'),
          })),
      },
    ],
  });
  return join(outdir, 'runner.js');
}
