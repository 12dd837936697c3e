/**
 * Runs a program on a real PTY as our runner does, queries answered by the same emulator, and keeps what it printed
 * and when its size changed. The program sees a small invented machine: no path, name or host of the real one.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Emulator } from '#runner/terminal/emulator.ts';
import { Pty } from '#runner/terminal/pty.ts';
import type { TimedStep } from './recording.ts';

/** Where the program finds itself, and the folder of `tools` beside it. */
export const home = '/home/demo';
export const toolFolder = '/srv/tools';

export interface RecordedProgram {
  command: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Files in its home by relative path. */
  files?: Readonly<Record<string, string>>;
  /** A folder of this machine that it sees as `toolFolder`. */
  tools?: string | undefined;
  cols: number;
  rows: number;
}

/** Longest wait for something a script expects; programs that start slowly need most of it. */
const patienceMs = 30_000;
/** How long a program may think before it begins to draw. */
const reactionMs = 500;

/** Everything is readable, nothing writable but its home, and it has pids, user and host name of its own. */
function hide(work: string, program: RecordedProgram): string[] {
  writeFileSync(join(work, 'passwd'), `demo:x:1000:1000::${home}:/bin/sh\n`);
  writeFileSync(join(work, 'group'), 'demo:x:1000:\n');
  return [
    ...['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc'],
    ...['/home', '/root', '/srv', '/tmp', '/run'].flatMap((folder) => ['--tmpfs', folder]),
    ...['--bind', join(work, 'home'), home, '--ro-bind', join(work, 'passwd'), '/etc/passwd'],
    ...['--ro-bind', join(work, 'group'), '/etc/group'],
    ...(program.tools === undefined ? [] : ['--ro-bind', program.tools, toolFolder]),
    ...[
      '--unshare-user',
      '--uid',
      '1000',
      '--gid',
      '1000',
      '--unshare-pid',
      '--as-pid-1',
      '--unshare-uts',
      '--hostname',
      'demo',
    ],
    ...['--die-with-parent', '--chdir', home, '--', ...program.command],
  ];
}

export class Recorder {
  readonly steps: TimedStep[] = [];
  readonly #pty: Pty;
  readonly #emulator: Emulator;
  readonly #startedAt = performance.now();
  readonly #work = mkdtempSync(join(tmpdir(), 'recorder-'));
  #listeners: (() => void)[] = [];
  #isRunning = true;

  constructor(program: RecordedProgram) {
    const { cols, rows } = program;
    for (const [path, text] of Object.entries({ '.hushlogin': '', ...program.files })) {
      const file = join(this.#work, 'home', path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    this.#emulator = new Emulator({ cols, rows, onReply: (text) => this.press(text) });
    this.#pty = new Pty({
      ...{ file: 'bwrap', args: hide(this.#work, program), cwd: '/', cols, rows },
      env: {
        ...{ PATH: process.env.PATH, TERM: 'xterm-256color', COLORTERM: 'truecolor', LANG: 'C.UTF-8' },
        ...{ HOME: home, USER: 'demo', SHELL: '/bin/sh', PS1: '$ ', ...program.env },
      },
      onData: (data) => {
        this.steps.push({ at: this.#now(), do: 'print', data: data.slice() });
        this.#emulator.write(data);
        this.#tell();
      },
      onExit: () => {
        this.#isRunning = false;
        this.#tell();
      },
    });
  }

  get screen(): string {
    return this.#emulator.lines().join('\n');
  }

  press(keys: string): void {
    this.#pty.write(new TextEncoder().encode(keys));
  }

  resize(cols: number, rows: number): void {
    this.steps.push({ at: this.#now(), do: 'resize', cols, rows });
    this.#emulator.resize(cols, rows);
    this.#pty.resize(cols, rows);
  }

  /** Resolves when the screen shows it. Throws with the screen when it does not come, or the program ended. */
  async until(pattern: RegExp): Promise<void> {
    for (const deadline = this.#now() + patienceMs; !pattern.test(this.screen); ) {
      if (!this.#isRunning || this.#now() > deadline) throw new Error(`no ${pattern} on this screen:\n${this.screen}`);
      await this.#output(deadline - this.#now());
    }
  }

  /** Resolves when nothing was printed for that long: the program has drawn what it had to. */
  async quiet(ms = 150): Promise<void> {
    for (let waitMs = reactionMs; this.#isRunning && (await this.#output(waitMs)); ) waitMs = ms;
  }

  /** Keys, then whatever they make the program draw. */
  async do(...keys: string[]): Promise<void> {
    for (const key of keys) {
      this.press(key);
      await this.quiet();
    }
  }

  async close(): Promise<void> {
    this.#pty.kill('SIGKILL');
    while (this.#isRunning) await this.#output(patienceMs);
    this.#emulator.dispose();
    rmSync(this.#work, { recursive: true, force: true });
  }

  readonly #now = () => Math.round(performance.now() - this.#startedAt);

  #tell(): void {
    for (const listener of this.#listeners.splice(0)) listener();
  }

  /** True: something was printed, or the program ended; false: `ms` passed. */
  #output(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ms);
      this.#listeners.push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }
}
