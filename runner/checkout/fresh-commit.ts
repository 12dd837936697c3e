/** A commit without a past: the same files as another, but for those left out. */
import { join } from 'node:path';
import { type BytePath, toBytes } from './byte-path.ts';
import { packObjects } from './new-repository.ts';
import { quoteAlternate, type RepositoryReader } from './reader.ts';

export const identity = {
  GIT_AUTHOR_NAME: 'omnigent',
  GIT_AUTHOR_EMAIL: 'omnigent@localhost',
  GIT_COMMITTER_NAME: 'omnigent',
  GIT_COMMITTER_EMAIL: 'omnigent@localhost',
};

export const firstMessage = 'Start of session';

/** Writes it, with all that it reaches, to the new repository in `root`, and returns its name. */
export async function writeFreshCommit(
  reader: RepositoryReader,
  root: string,
  { from, without }: { from: string; without: readonly BytePath[] },
): Promise<string> {
  const env = { ...identity, GIT_INDEX_FILE: join(reader.gitDir, 'fresh-index') };
  const run = async (args: string[], input?: Buffer) =>
    (await reader.run(args, { env, ...(input && { input }) })).toString().trim();
  await run(['read-tree', from]);
  const paths = toBytes(without.map((path) => `${path}\0`).join('') as BytePath);
  await run(['update-index', '-z', '--force-remove', '--stdin'], paths);
  const commit = await run(['commit-tree', '-m', firstMessage, await run(['write-tree'])]);
  const alternates = `${reader.alternates}:${quoteAlternate(join(reader.gitDir, 'objects'))}`;
  const both: RepositoryReader = {
    ...reader,
    run: (rest, options = {}) =>
      reader.run(rest, { ...options, env: { ...options.env, GIT_ALTERNATE_OBJECT_DIRECTORIES: alternates } }),
  };
  await packObjects(both, root, { tips: [commit], without: [] });
  return commit;
}
