/** Lists what runs under a runner, as pids of this machine, for `omnigent ps` and for chaos runs. */
import { readFile } from 'node:fs/promises';
import { readDescendants } from '#runner/sandbox/index.ts';

export interface RunnerChild {
  /** Pid on this machine, whatever namespace the process is in. */
  pid: number;
  ppid: number;
  /** The command line with blanks between arguments, at most 400 characters; `[name]` where there is none. */
  command: string;
  /** Name of the agent that it is, or that started it; null for others. */
  agent: string | null;
}

/**
 * Everything below the runner, parents before children. The runner is the first process of its PID namespace, so what
 * detaches itself falls back to it and is listed too. Empty when the runner is gone.
 */
export async function listChildren(runnerPid: number): Promise<RunnerChild[]> {
  const rows = await readDescendants(runnerPid);
  return Promise.all(
    rows.map(async ({ pid, ppid, name }) => {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      const command = line.replace(/\p{Cc}+/gu, ' ').trim();
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
      const agent = /(?:^|\0)OMNIGENT_AGENT=([^\0]*)/.exec(environment)?.[1] ?? null;
      return { pid, ppid, command: command.slice(0, 400) || `[${name}]`, agent };
    }),
  );
}
