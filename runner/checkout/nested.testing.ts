/** A repository inside of a checkout that would run a program of its own, if git obeyed it. */
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Makes it at `folder`, with a commit and a change; its filter would create the file `proof`. */
export async function nest(folder: string, proof: string): Promise<void> {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.com', ...args], { cwd: folder });
  await mkdir(folder);
  git('init', '-q');
  await writeFile(join(folder, 'file'), 'first\n');
  git('add', 'file');
  git('commit', '-qm', 'first');
  git('config', 'filter.evil.clean', `touch ${proof}; cat`);
  await writeFile(join(folder, '.git', 'info', 'attributes'), '* filter=evil\n');
  await writeFile(join(folder, 'file'), 'edited\n');
}
