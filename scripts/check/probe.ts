/** A throwaway tree with given files and this tree's packages, in which a checker runs as it does here. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Probe {
  /** Configuration files of this tree to copy. */
  configs: string[];
  /** Text by path. */
  files: Record<string, string>;
  /** Path of the checker's program under node_modules, then its arguments. */
  command: string[];
}

/** What the checker printed, on either stream. */
export function runProbe({ configs, files, command }: Probe): string {
  const folder = mkdtempSync(join(tmpdir(), 'omnigent-probe-'));
  try {
    for (const config of ['package.json', 'tsconfig.json', ...configs])
      copyFileSync(join(root, config), join(folder, config));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const [program = '', ...args] = command;
    const run = spawnSync(process.execPath, [join('node_modules', program), ...args], {
      cwd: folder,
      encoding: 'utf8',
    });
    return `${run.stdout}${run.stderr}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
