/** A session's sandbox by bubblewrap: what is prepared once, and how each of its programs is started. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { sandboxFiles } from '#facts/sandbox-files.ts';
import type { FileView } from '#policy/file-view.ts';
import type { SandboxView } from '#protocol/sandbox.ts';
import { type Account, asAccount, handOver, isOwnedBy, letThrough } from './account.ts';
import { type Environment, scrubEnvironment } from './environment.ts';
import { limitArguments, readLimits } from './limits.ts';
import type { SandboxNetwork } from './network.ts';
import { argumentsOf, findShell } from './program.ts';
import type { ProgramRequest, Sandbox, WrappedProgram } from './sandbox.ts';
import { seccompProgram } from './seccomp.ts';
import { sandboxUser, writeSystemFiles } from './system-files.ts';
import { findToolchains, isBelow, shownForProgram, type Toolchains } from './toolchain.ts';
import type { Tools } from './tools.ts';
import { homePins, type Pins, pinsOf, type View, viewArguments } from './view.ts';

export interface BubblewrapOptions {
  /** The session's own folder, absolute and real. */
  directory: string;
  /** What programs would have without a sandbox. */
  env: Environment;
  tools: Tools;
  network: Pick<SandboxNetwork, 'user' | 'net'>;
  /** As whom its programs run; null: as this process. */
  account: Account | null;
  /** Absolute; seen by every program beside the toolchains, as far as they are there. */
  shown?: readonly string[];
  /** Whose name commits carry where the repository does not say. */
  author: { name: string; email: string } | null;
}

/** Opens the filter of system calls and the namespaces of the network, which whoever comes next may not be able to. */
const opened = 'user=$1 net=$2; shift 2; exec "$@" 7<"$user" 8<"$net" 9<"$0"';
const entered = ['--user=/proc/self/fd/7', '--net=/proc/self/fd/8', '--preserve-credentials', '--'];
/** No program gets the namespaces; bubblewrap closes the filter itself. */
const closed = ['/bin/sh', '-c', 'exec "$@" 7<&- 8<&-', 'sh'];

/** Variables that name a folder of the person's: kept where that can be seen. */
const folderVariable =
  /^(?:NVM_DIR|FNM_DIR|VOLTA_HOME|PNPM_HOME|BUN_INSTALL|PYENV_ROOT|RBENV_ROOT|GOROOT|RUSTUP_HOME|JAVA_HOME|ANDROID_HOME|ASDF_DIR|MISE_DATA_DIR)$/;
/** Variables that would lead to what is not there. */
const outsideOnly =
  /^(?:HOME|USER|LOGNAME|TMPDIR|XDG_|GOPATH|CARGO_HOME|NIX_|SSL_CERT_|NODE_EXTRA_CA_CERTS|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE)|_proxy$/i;

/** What programs in the sandbox are given of what they would have without it. */
function sandboxEnvironment(env: Environment, home: string, { path, shown }: Toolchains): Record<string, string> {
  const isSeen = (folder: string) => isBelow(folder, '/usr') || shown.some((each) => isBelow(folder, each));
  const kept = Object.entries(scrubEnvironment(env)).filter(([name, value]) =>
    folderVariable.test(name) ? isSeen(value) : !outsideOnly.test(name),
  );
  return { ...Object.fromEntries(kept), HOME: home, USER: sandboxUser, LOGNAME: sandboxUser, PATH: path };
}

export class BubblewrapSandbox implements Sandbox {
  readonly kind = 'bubblewrap';
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  readonly temporary: string;
  readonly sharedMemory: string;
  readonly files: FileView;
  readonly #options: BubblewrapOptions;
  readonly #toolchains: Toolchains;
  readonly #limits: readonly string[];
  #root: string | null = null;
  #pins: Pins = { folders: [], files: [] };

  private constructor(options: BubblewrapOptions) {
    const { directory, env, account } = options;
    this.#options = options;
    this.home = join(directory, 'home');
    this.temporary = join(directory, 'tmp');
    this.sharedMemory = join(directory, 'shm');
    const { path, shown } = findToolchains(scrubEnvironment(env), homedir(), account);
    const others = (options.shown ?? []).filter((each) => existsSync(each)).flatMap(shownForProgram);
    this.#toolchains = { path, shown: [...shown, ...others] };
    this.#limits = limitArguments(readLimits());
    this.env = sandboxEnvironment(env, this.home, this.#toolchains);
    // What is mounted over another folder comes first.
    const own = Object.fromEntries([directory, ...this.#toolchains.shown].map((folder) => [folder, folder]));
    const { temporary, sharedMemory } = this;
    this.files = sandboxFiles({ ...own, '/tmp': temporary, '/var/tmp': temporary, '/dev/shm': sharedMemory });
  }

  /** Makes its folders and files. Throws an Error on a processor for which there is no filter of system calls. */
  static async open(options: BubblewrapOptions): Promise<BubblewrapSandbox> {
    const sandbox = new BubblewrapSandbox(options);
    const filter = seccompProgram(process.arch);
    if (!filter) throw new Error(`no filter of system calls for ${process.arch}`);
    const { uid, gid } = sandbox.#ids;
    const shell = await findShell(sandbox.env);
    const folders = [sandbox.home, sandbox.temporary, sandbox.sharedMemory, sandbox.#own];
    for (const folder of folders) await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(sandbox.#filter, filter, { mode: 0o600 });
    sandbox.#pins = await homePins(sandbox.home);
    await writeSystemFiles(join(sandbox.#own, 'etc'), { uid, gid, home: sandbox.home, shell, author: options.author });
    await handOver(folders, options.account);
    await letThrough(options.directory, options.account);
    return sandbox;
  }

  /** The checkout is there, and no program has run in it yet. */
  async enter(root: string): Promise<void> {
    const { account } = this.#options;
    if (!isOwnedBy(root, account)) await handOver([root], account);
    const pins = pinsOf(root);
    this.#root = root;
    this.#pins = {
      folders: [...this.#pins.folders, ...pins.folders],
      files: [...this.#pins.files, ...pins.files],
    };
  }

  holds(path: string): boolean {
    return ['/usr', '/bin', '/sbin', '/lib', ...this.#toolchains.shown].some((folder) => isBelow(path, folder));
  }

  async wrap(request: ProgramRequest): Promise<WrappedProgram> {
    const { tools, network, account } = this.#options;
    // What its agent was given beforehand is its own.
    if (request.home !== undefined) await handOver([dirname(request.home)], account);
    const env = { ...this.env, ...request.more };
    const command = await argumentsOf({ ...request, env });
    const view = this.#view(request, command);
    const cwd = command.isPlaced ? request.cwd : '/';
    const args = [
      ...['-c', opened, this.#filter, network.user, network.net],
      ...[...asAccount(account, tools.setpriv), tools.nsenter, ...entered, ...closed],
      ...[tools.bwrap, ...viewArguments(view, this.#pins), '--seccomp', '9', '--chdir', cwd, '--'],
      ...[tools.prlimit, ...this.#limits, '--', ...command.argv],
    ];
    return { file: '/bin/sh', args, env, cwd: '/' };
  }

  /** What a program started now would see: for people. */
  view(): Pick<SandboxView, 'writable' | 'readOnly' | 'pinned' | 'uid'> {
    const { writable, readOnly } = this.#view({}, { argv: [] });
    const temporary = ['/tmp', '/var/tmp', '/dev/shm'];
    return {
      writable: [...writable, ...temporary],
      readOnly: ['/usr', ...readOnly],
      pinned: [...this.#pins.files],
      uid: this.#ids.uid,
    };
  }

  get #own(): string {
    return join(this.#options.directory, 'sandbox');
  }

  get #filter(): string {
    return join(this.#own, 'filter.bpf');
  }

  get #ids(): { uid: number; gid: number } {
    return this.#options.account ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  }

  #view(
    { home, readable = [] }: Pick<ProgramRequest, 'home' | 'readable'>,
    { argv }: { argv: readonly string[] },
  ): View {
    const program = argv[0] === undefined || this.#isInside(argv[0]) ? [] : shownForProgram(argv[0]);
    return {
      ...this.#ids,
      writable: [this.home, ...(this.#root === null ? [] : [this.#root]), ...(home === undefined ? [] : [home])],
      readOnly: [...this.#toolchains.shown, ...program, ...readable.flatMap(shownForProgram)],
      temporary: this.temporary,
      sharedMemory: this.sharedMemory,
      systemFiles: join(this.#own, 'etc'),
    };
  }

  /** Programs of the checkout are seen with it. */
  #isInside(file: string): boolean {
    return this.#root !== null && isBelow(dirname(file), this.#root);
  }
}
