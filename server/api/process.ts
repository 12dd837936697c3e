/** The `ps` answer of contract.md: which processes belong to what. */
import type { SessionView } from '#protocol/session-view.ts';
import type { Services } from './context.ts';

export interface ProcessList {
  server: { pid: number };
  postgres: { pid: number | null };
  sessions: {
    id: string;
    name: string;
    status: SessionView['status'];
    reason: string;
    runner: { pid: number; epoch: number } | null;
    agents: { name: string; harness: string; model: string | null; pid: number }[];
    checkout: string;
  }[];
}

/** Sessions that are not ended, newest first, at most this many. */
const maxSessions = 500;

export async function processes(services: Services): Promise<ProcessList> {
  const { log, runners, host } = services;
  const groups = await Promise.all(
    (['needs', 'working', 'idle'] as const).map((group) => log.list({ group, limit: maxSessions })),
  );
  const sessions = await Promise.all(
    groups
      .flatMap((page) => page.sessions)
      .map(async (view) => {
        const found = await runners.process(view.id);
        const runner = found && host.isAlive(found.identity) ? { pid: found.identity.pid, epoch: found.epoch } : null;
        const { id, name, status, reason, checkout } = view;
        const children = found && runner ? await host.children(found.identity) : [];
        const agents = view.turns.agents.flatMap(({ name: agent, harness, model }) => {
          // The sandbox around it stands before it.
          const process = children.find((child) => child.agent === agent && !/^(\S*\/)?bwrap /.test(child.command));
          return process ? [{ name: agent, harness, model, pid: process.pid }] : [];
        });
        return { id, name, status, reason, runner, agents, checkout };
      }),
  );
  const { server, postgres } = services.pids();
  return { server: { pid: server }, postgres: { pid: postgres }, sessions };
}
