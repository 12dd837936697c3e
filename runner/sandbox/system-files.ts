/** The few files below /etc that a sandbox has instead of the machine's own. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Who programs in a sandbox are. */
export const sandboxUser = 'agent';
export const sandboxHost = 'sandbox';

export interface SystemFilesOptions {
  uid: number;
  gid: number;
  home: string;
  shell: string;
  /** Whose name commits carry; null: the repository says. */
  author: { name: string; email: string } | null;
}

/** As a git configuration file quotes a value. */
const quoted = (value: string): string => `"${value.replace(/[\\"]/g, '\\$&').replace(/[\n\0]/g, ' ')}"`;

const gitConfig = (author: SystemFilesOptions['author']): string =>
  author === null ? '' : `[user]\n\tname = ${quoted(author.name)}\n\temail = ${quoted(author.email)}\n`;

/** Content by name below /etc. Without a name server nothing is asked for an address: the agent port does that. */
export function systemFiles({ uid, gid, home, shell, author }: SystemFilesOptions): Record<string, string> {
  const nobody = 'nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n';
  return {
    passwd: `${uid === 0 ? '' : 'root:x:0:0:root:/root:/usr/sbin/nologin\n'}${sandboxUser}:x:${uid}:${gid}:${sandboxUser}:${home}:${shell}\n${nobody}`,
    group: `${gid === 0 ? '' : 'root:x:0:\n'}${sandboxUser}:x:${gid}:\nnogroup:x:65534:\n`,
    hosts: `127.0.0.1 localhost ${sandboxHost}\n::1 localhost\n`,
    hostname: `${sandboxHost}\n`,
    'resolv.conf': '',
    'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n',
    gitconfig: gitConfig(author),
  };
}

/** Files of the machine that say how programs work, and nothing about it. */
export const sharedSystemFiles = [
  'ssl',
  'ca-certificates',
  'ca-certificates.conf',
  'pki',
  'alternatives',
  'ld.so.cache',
]
  .concat(['ld.so.conf', 'ld.so.conf.d', 'localtime', 'timezone', 'mime.types', 'magic', 'magic.mime', 'inputrc'])
  .concat([
    'bash.bashrc',
    'profile',
    'services',
    'protocols',
    'shells',
    'locale.alias',
    'fonts',
    'gai.conf',
    'terminfo',
  ]);

/** Writes them to `folder`. */
export async function writeSystemFiles(folder: string, options: SystemFilesOptions): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const files = Object.entries(systemFiles(options));
  await Promise.all(files.map(([name, content]) => writeFile(join(folder, name), content, { mode: 0o644 })));
}
