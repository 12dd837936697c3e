/** Where a new session works: a folder, or what a workspace file says. */
import { resolve } from 'node:path';

export const placeOptions = {
  dir: { type: 'string', value: 'DIR', summary: 'the folder, on the machine of the server (default: this one)' },
  workspace: {
    type: 'string',
    value: 'FILE',
    summary: 'workspace file; its base_dir is relative to DIR, or to itself',
  },
} as const;

/** Both as absolute paths. A workspace file alone says where. */
export function placeOf(options: { dir?: string | undefined; workspace?: string | undefined }, cwd: string) {
  const { dir, workspace } = options;
  if (workspace === undefined) return { dir: resolve(cwd, dir ?? '.') };
  return { workspace: resolve(cwd, workspace), ...(dir !== undefined && { dir: resolve(cwd, dir) }) };
}
