/** A program of an agent in a terminal of the session, as its harness uses it. Knows no harness. */
import { basename } from 'node:path';
import { AppError } from '#protocol/error.ts';
import { type IdSource, newId } from '#protocol/id.ts';
import type { AgentTerminal } from './harness/harness.ts';
import type { TerminalSet } from './terminal-set.ts';

const size = { cols: 120, rows: 36 } as const;

export interface AgentTerminalOptions {
  terminals: Pick<TerminalSet, 'open' | 'get' | 'close'>;
  ids: IdSource;
  /** The agent's name: its terminal is called the same. */
  name: string;
  command: readonly string[];
  env: Readonly<Record<string, string>>;
  home: string;
}

/** Throws `launch.failed` when the program cannot be started. */
export async function openAgentTerminal(options: AgentTerminalOptions): Promise<AgentTerminal> {
  const { terminals, ids, name, command, env, home } = options;
  const terminalId = newId('terminal', ids);
  await terminals.open({
    terminalId,
    name,
    command: [...command],
    shown: [basename(command[0] ?? name)],
    env,
    home,
    ...size,
  });
  const terminal = terminals.get(terminalId);
  if (!terminal) throw new AppError({ code: 'launch.failed', message: `${command[0]} ended at once` });
  return {
    pid: terminal.pid,
    write: (text) => terminal.write(Buffer.from(text)),
    lines: async () => (await terminal.screen()).lines,
    ended: terminal.ended,
    async close() {
      if (terminal.isRunning) await terminals.close(terminalId);
    },
  };
}
