/**
 * What tests drive and `npm install` does not bring: Chromium, bubblewrap and git, installed as root on Debian, else it is
 * said how; and the agent CLIs, each at the version that its harness was tested with.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

interface Tool {
  program: string;
  debianPackage: string;
}

const tools: Tool[] = [
  { program: process.env.CHROMIUM ?? '/usr/bin/chromium', debianPackage: 'chromium' },
  { program: 'bwrap', debianPackage: 'bubblewrap' },
  { program: 'git', debianPackage: 'git' },
];

function isInstalled({ program }: Tool): boolean {
  const folders = program.startsWith('/') ? [''] : (process.env.PATH ?? '').split(delimiter);
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const apt = (...args: string[]): boolean =>
  spawnSync('apt-get', ['-qq', ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  }).status === 0;

/** Makes sure that every tool is there. Returns null, or what the person has to do, in one line. */
export function ensureTools(progress: (line: string) => void): string | null {
  const missing = tools.filter((tool) => !isInstalled(tool)).map((tool) => tool.debianPackage);
  if (missing.length === 0) return null;
  const install = ['install', '-y', '--no-install-recommends', ...missing];
  const command = `apt-get update && apt-get ${install.join(' ')}`;
  if (process.getuid?.() !== 0) return `The tests need ${missing.join(', ')}. Install: sudo sh -c '${command}'`;
  progress(`installing ${missing.join(', ')}`);
  if (apt(...install) || (apt('update') && apt(...install))) return null;
  return `The tests need ${missing.join(', ')}, and this failed: ${command}`;
}

const agents = 'e2e/agents';

/** Makes sure that the agent CLIs are there as the lock file names them. Returns null, or what the person has to do. */
export function ensureAgents(progress: (line: string) => void): string | null {
  const installed = join(agents, 'node_modules', '.package-lock.json');
  const lockedAt = statSync(join(agents, 'package-lock.json')).mtimeMs;
  if (existsSync(installed) && statSync(installed).mtimeMs >= lockedAt) return null;
  progress('installing the agent CLIs that tests run');
  // Not `npm ci`: it wants packages of every platform in the lock file, also those that a registry does not have.
  const args = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { status } = spawnSync('npm', args, { cwd: agents, stdio: ['ignore', 'inherit', 'inherit'] });
  return status === 0 ? null : `The tests need the agent CLIs, and this failed in ${agents}: npm ${args.join(' ')}`;
}
