/** A real terminal with `omnigent attach` in it: a PTY, an emulator that shows what a person would see, and keys. */

import { type IPty, spawn } from '@lydell/node-pty';
import unicode11 from '@xterm/addon-unicode11';
import headless from '@xterm/headless';
import { expect } from 'vitest';
import type { Size } from '#cli/terminal/size.ts';
import { commandFile, environmentOf } from './command.ts';

export interface RealTerminalOptions extends Size {
  args: string[];
  home: string;
  cwd: string;
  env?: Record<string, string>;
}

const pollMs = 20_000;

export class RealTerminal {
  readonly emulator: headless.Terminal;
  readonly #pty: IPty;
  /** Everything the command wrote. */
  raw = '';
  /** What the emulator answered to queries it was sent. */
  replies = '';
  readonly exited: Promise<number>;

  constructor(options: RealTerminalOptions) {
    const { cols, rows, args, home, cwd } = options;
    this.emulator = new headless.Terminal({ cols, rows, scrollback: 0, allowProposedApi: true });
    this.emulator.loadAddon(new unicode11.Unicode11Addon() as unknown as headless.ITerminalAddon);
    this.emulator.unicode.activeVersion = '11';
    const env = { ...environmentOf(home), TERM: 'xterm-256color', ...options.env };
    this.#pty = spawn(process.execPath, [commandFile, ...args], { cols, rows, cwd, env, name: 'xterm-256color' });
    this.#pty.onData((text) => {
      this.raw += text;
      this.emulator.write(text);
    });
    this.emulator.onData((text) => {
      this.replies += text;
    });
    this.exited = new Promise((resolve) => this.#pty.onExit(({ exitCode }) => resolve(exitCode)));
  }

  get pid(): number {
    return this.#pty.pid;
  }

  type(text: string): void {
    this.#pty.write(text);
  }

  resize(cols: number, rows: number): void {
    this.emulator.resize(cols, rows);
    this.#pty.resize(cols, rows);
  }

  /** The visible rows, without trailing blanks. */
  lines(): string[] {
    const { active } = this.emulator.buffer;
    return Array.from({ length: this.emulator.rows }, (_, y) => active.getLine(y)?.translateToString(true) ?? '');
  }

  text(): string {
    return this.lines().join('\n');
  }

  /** Waits until the screen holds `text`. */
  async shows(text: string | RegExp): Promise<void> {
    await expect.poll(() => this.text(), { timeout: pollMs }).toMatch(text);
  }

  kill(): void {
    this.#pty.kill('SIGKILL');
  }
}
