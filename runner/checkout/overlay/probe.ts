/** Whether overlays work where the data is: tried, not guessed from versions. */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { handOver, type Owner } from '../owner.ts';
import { runProgram } from '../program.ts';
import { removeWhole } from '../remove.ts';
import { mountNamespace } from './mounter.ts';

export interface ChosenMethod {
  method: 'overlay' | 'copy';
  /** One sentence for people. */
  reason: string;
}

/** Mounts, replaces a folder of the lower layer, writes through, and mounts what it left once more. Each step names itself. */
const script = `
step() { echo "$1" >&2; }
over() { mount -t overlay overlay -o "lowerdir=mask:low,upperdir=up,workdir=$1,userxattr,index=off" on; }
cd "$0" || exit 1
step lock; flock --nonblock lock true || exit 1
step whiteout; mknod mask/hidden c 0 0 || exit 1
step mount; over work || exit 1
step replace; rm -r on/folder && mkdir on/folder && test -z "$(ls on/folder)" || exit 1
step write; echo b >>on/file && test "$(cat low/file)" = a && test ! -e on/hidden || exit 1
step again; umount on && over again && test -z "$(ls on/folder)" && grep -q b on/file || exit 1
`;

const reasons: Record<string, string> = {
  lock: 'flock is missing (apt-get install util-linux)',
  whiteout: 'whiteouts cannot be made in the data folder, as where it lies on an overlay itself',
  mount: 'this kernel, or the file system of the data folder, refuses overlays',
  replace: 'folders cannot be replaced in an overlay here',
  write: 'an overlay here does not keep apart what lies below it',
  again: 'an overlay here does not last',
};

const copy = (why: string): ChosenMethod => ({ method: 'copy', reason: `Checkouts are copied: ${why}.` });

/** `owner`: whose programs will mount, where this runs as root; null: those of whoever runs this. Takes some 50 ms. */
export async function chooseMethod(data: string, owner: Owner | null): Promise<ChosenMethod> {
  await mkdir(data, { recursive: true, mode: 0o711 });
  const folder = await mkdtemp(join(data, 'probe-'));
  try {
    const parts = ['mask', 'low/folder/deep', 'up', 'work', 'again', 'on'];
    for (const part of parts) await mkdir(join(folder, part), { recursive: true });
    for (const file of ['low/file', 'low/hidden']) await writeFile(join(folder, file), 'a\n');
    await handOver(folder, owner);
    const uid = owner?.uid ?? process.getuid?.() ?? 0;
    const become = owner
      ? ['setpriv', '--reuid', String(owner.uid), '--regid', String(owner.gid), '--clear-groups']
      : [];
    const argv = [...become, ...mountNamespace(uid), 'sh', '-c', script, folder];
    const [program = 'unshare', ...args] = argv;
    const { code, stderr } = await runProgram([program, ...args], { timeoutMs: 10_000 });
    if (code === 0) return { method: 'overlay', reason: 'Checkouts are overlays on a shared base.' };
    const step = [...stderr.matchAll(/^[a-z]+$/gm)].map(([name]) => name).at(-1);
    return copy(reasons[step ?? ''] ?? 'namespaces are forbidden to this user, or unshare is missing');
  } finally {
    await removeWhole(folder);
  }
}
