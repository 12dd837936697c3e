/** Which packages a command would install, as they are named. Pure. */
import type { CommandFact } from '#protocol/action-facts.ts';

/** By program: the subcommands that install. `null`: the program itself does. */
const installers: Readonly<Record<string, readonly string[] | null>> = {
  npm: [
    'install',
    'i',
    'in',
    'ins',
    'add',
    'ci',
    'isntall',
    'install-test',
    'it',
    'update',
    'up',
    'upgrade',
    'exec',
    'x',
  ],
  pnpm: ['install', 'i', 'add', 'update', 'up', 'dlx'],
  yarn: ['install', 'add', 'up', 'upgrade', 'dlx', 'global'],
  bun: ['install', 'i', 'add', 'update', 'x'],
  npx: null,
  pnpx: null,
  bunx: null,
  pip: ['install', 'download'],
  pip3: ['install', 'download'],
  pipx: ['install', 'run', 'inject'],
  uv: ['add', 'sync', 'pip', 'tool'],
  uvx: null,
  poetry: ['add', 'install', 'update'],
  conda: ['install', 'create', 'update'],
  cargo: ['add', 'install', 'update'],
  go: ['get', 'install'],
  gem: ['install', 'update'],
  bundle: ['install', 'add', 'update'],
  composer: ['require', 'install', 'update'],
  apt: ['install', 'upgrade'],
  'apt-get': ['install', 'upgrade'],
  apk: ['add'],
  dnf: ['install', 'upgrade'],
  yum: ['install', 'update'],
  brew: ['install', 'upgrade'],
  pacman: ['-S', '-Sy', '-Syu', '-U'],
  dpkg: ['-i', '--install'],
};

/** `python -m pip install x` is `pip install x`. */
function unwrapped({ program, argv }: CommandFact): { program: string; args: readonly string[] } {
  const args = argv.slice(1);
  const module = args.indexOf('-m');
  if (/^python[\d.]*$/.test(program) && module >= 0) {
    return { program: args[module + 1] ?? '', args: args.slice(module + 2) };
  }
  return { program: program.replace(/^pip[\d.]+$/, 'pip'), args };
}

function installedBy(command: CommandFact): string[] {
  const { program, args } = unwrapped(command);
  const subcommands = Object.hasOwn(installers, program) ? installers[program] : undefined;
  if (subcommands === undefined) return [];
  const words = args.filter((word) => !word.startsWith('-') || program === 'pacman' || program === 'dpkg');
  if (subcommands === null) return words.slice(0, 1).map((word) => word.slice(0, 300));
  // Plain `yarn` installs what the project names.
  if (words.length === 0) return program === 'yarn' ? ['*'] : [];
  const at = words.findIndex((word) => subcommands.includes(word));
  if (at === -1) return [];
  const packages = words.slice(at + 1).filter((word) => word !== 'install' && word !== 'add');
  return packages.length === 0 ? ['*'] : packages.map((word) => word.slice(0, 300));
}

/** Each once; at most 200. */
export const installsOf = (commands: readonly CommandFact[]): string[] =>
  [...new Set(commands.flatMap(installedBy))].slice(0, 200);
