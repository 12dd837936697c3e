/** Where a new session works: a folder, or what a workspace file says. */
import { resolve } from 'node:path';
import { AppError } from '#protocol/error.ts';
import { type SandboxKind, sandboxKinds } from '#protocol/sandbox.ts';

export const placeOptions = {
  dir: { type: 'string', value: 'DIR', summary: 'the folder, on the machine of the server (default: this one)' },
  workspace: {
    type: 'string',
    value: 'FILE',
    summary: 'workspace file; its base_dir is relative to DIR, or to itself',
  },
  sandbox: {
    type: 'string',
    value: 'KIND',
    summary: 'bubblewrap (default), or none: its programs may do what you may',
  },
} as const;

/** Throws `input.invalid` naming the kinds. */
function kindOf(kind: string | undefined): { sandbox?: SandboxKind } {
  if (kind === undefined) return {};
  const known = sandboxKinds.find((each) => each === kind);
  if (known) return { sandbox: known };
  throw new AppError({ code: 'input.invalid', message: `--sandbox is ${sandboxKinds.join(' or ')}, not ${kind}` });
}

interface PlaceOptions {
  dir?: string | undefined;
  workspace?: string | undefined;
  sandbox?: string | undefined;
}

/** Folders as absolute paths; a workspace file alone says where. */
export function placeOf({ dir, workspace, sandbox }: PlaceOptions, cwd: string) {
  const kind = kindOf(sandbox);
  if (workspace === undefined) return { ...kind, dir: resolve(cwd, dir ?? '.') };
  return { ...kind, workspace: resolve(cwd, workspace), ...(dir !== undefined && { dir: resolve(cwd, dir) }) };
}
