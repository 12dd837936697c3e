/** Commands that may change files which their words do not name. Pure. */
import type { CommandFact } from '#protocol/action-facts.ts';

/** What they run is judged by itself. */
export const runsOnlyOthers = new Set(
  'nohup setsid nice ionice timeout stdbuf time command builtin exec env xargs find bash sh dash zsh eval watch busybox coproc chrt taskset'.split(
    ' ',
  ),
);

/** They change files that their words do not name. */
const namesLess = new Set(
  'patch tar bsdtar unzip zip cpio 7z gzip gunzip bzip2 xz unxz zstd split npm pnpm mktemp'.split(' '),
);

/** `sed -i.bak` keeps a copy under a name that is none of its words. */
const keepsCopies = ({ program, argv }: CommandFact): boolean =>
  program === 'sed' && argv.some((word) => /^(?:-[a-zA-Z]*i.+|--in-place=.+)$/.test(word));

/** Whatever it changes lies anywhere where agents work. What git checks out is not among it. */
export const isOpenEnded = (command: CommandFact): boolean => {
  const { effect, program } = command;
  if (effect === 'unknown' || effect === 'network') return true;
  if (effect === 'execute') return !runsOnlyOthers.has(program);
  return effect === 'write' && (namesLess.has(program) || keepsCopies(command));
};

/** Of git: they change what it keeps for itself, and no file that is checked out. */
const keepsFiles = new Set(
  (
    'add commit branch tag gc prune repack remote config notes update-index update-ref reflog replace maintenance ' +
    'symbolic-ref fsck write-tree commit-tree hash-object mktag mktree pack-refs'
  ).split(' '),
);

/** A change on this machine of files that nobody has named: `git reset --hard`, `tar xf`, what runs the project's scripts. */
export function changesUnnamed(command: CommandFact): boolean {
  const { program, effect, argv, unknown } = command;
  if (effect !== 'write' && effect !== 'execute') return false;
  // Options before the subcommand would hide it.
  if (program === 'git') return unknown.includes(1) || !keepsFiles.has(argv[1] ?? '');
  return isOpenEnded(command);
}
