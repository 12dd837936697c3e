/**
 * Stands something in for contents that were left out of a history. The object has the name of what it replaces, so that trees
 * and commits stay what they are and every command goes on; only whoever counts the bytes (git fsck) notices.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { runGit } from '../git.ts';

const text = 'Restricted: this file was left out of the session.\n';

/** Writes them to the repository in `root`, which has none of these yet. Packed, so that git sees no need to tidy up. */
export async function writePlaceholders(root: string, blobs: Iterable<string>): Promise<void> {
  const names = [...blobs];
  if (names.length === 0) return;
  const bytes = deflateSync(`blob ${text.length}\0${text}`);
  const objects = join(root, '.git/objects');
  const folders = new Set<string>();
  for (const name of names) {
    const folder = join(objects, name.slice(0, 2));
    if (!folders.has(folder)) await mkdir(folder, { recursive: true });
    folders.add(folder);
    await writeFile(join(folder, name.slice(2)), bytes, { flag: 'wx', mode: 0o444 });
  }
  const env = { GIT_DIR: join(root, '.git') };
  const input = names.map((name) => `${name}\n`).join('');
  await runGit({ args: ['pack-objects', '-q', join(objects, 'pack/pack')], cwd: root, env, input });
  await runGit({ args: ['prune-packed', '-q'], cwd: root, env });
}
