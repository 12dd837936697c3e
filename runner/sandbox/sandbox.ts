/** What a sandbox is to whoever starts programs in it. */
import type { FileView } from '#policy/file-view.ts';
import type { Environment } from './environment.ts';

export interface ProgramRequest {
  /** Null: the person's shell. */
  command: readonly string[] | null;
  /** Absolute. */
  cwd: string;
  /** Added to the environment that every program of the session gets. */
  more?: Readonly<Record<string, string>>;
  /** Absolute; a folder of this program alone, which it may write. */
  home?: string;
  /** Absolute; files that it has to read beside itself. */
  readable?: readonly string[];
}

/** Ready for spawn or forkpty. */
export interface WrappedProgram {
  file: string;
  args: string[];
  env: Record<string, string>;
  cwd: string;
}

export interface Sandbox {
  readonly kind: 'bubblewrap' | 'none';
  /** Home of the programs. */
  readonly home: string;
  /** What every program gets. */
  readonly env: Environment;
  /** The files as its programs see them. */
  readonly files: FileView;
  /** Whether none of its programs can change what is at this absolute path, links resolved. */
  holds(path: string): boolean;
  /** The checkout is there, and no program has run in it yet. */
  enter(root: string): Promise<void>;
  /**
   * The spawn that runs `command` in `cwd`. A program that cannot be run does not throw: it becomes one that prints why and exits
   * with 127 (not found) or 126 (not executable).
   */
  wrap(request: ProgramRequest): Promise<WrappedProgram>;
}
