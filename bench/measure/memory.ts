/** memory.server, memory.runner, memory.postgres: what an idle installation holds. */
import { readFile } from 'node:fs/promises';
import { readTree } from '#e2e/process-scan.ts';
import { RawViewer } from '../raw-viewer.ts';
import { toResult } from '../result.ts';
import { type Measure, settle } from '../stage.ts';

/** Proportional and resident size, MB. */
interface Memory {
  pss: number;
  rss: number;
}

async function readMemory(pid: number): Promise<Memory> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) / 1024;
  return { pss: field('Pss'), rss: field('Rss') };
}

async function readAll(pids: number[]): Promise<Memory> {
  const all = await Promise.all(pids.map(readMemory));
  return all.reduce((sum, one) => ({ pss: sum.pss + one.pss, rss: sum.rss + one.rss }), { pss: 0, rss: 0 });
}

const idleMs = { quick: 3_000, full: 20_000 } as const;

interface Census {
  server: Memory[];
  runner: Memory[];
  postgres: Memory[];
}

/** One session with a shell that one viewer has looked at, then nobody does anything. */
async function takeCensus(census: Census, server: number, postgres: number, runner: number): Promise<void> {
  census.server.push(await readMemory(server));
  census.runner.push(await readMemory(runner));
  const below = await readTree(postgres);
  census.postgres.push(await readAll([postgres, ...below.map(({ pid }) => pid)]));
}

const part = (name: keyof Census, of: string) =>
  ({
    name: `memory.${name}`,
    async run(stage, { runs, isQuick }) {
      const session = await stage.session(null);
      const viewer = await RawViewer.open(await stage.person(), session.terminalId);
      await settle(1_000);
      await viewer.close();
      await settle(isQuick ? idleMs.quick : idleMs.full);
      const list = await (await stage.person()).api.session.processes.query();
      const runner = list.sessions.find(({ id }) => id === session.sessionId)?.runner?.pid;
      if (!runner || !list.postgres.pid) throw new Error('no runner or no embedded Postgres');
      const census: Census = { server: [], runner: [], postgres: [] };
      for (let n = 0; n < (runs ?? 5); n++) {
        await takeCensus(census, list.server.pid, list.postgres.pid, runner);
        await settle(200);
      }
      await stage.end(session);
      const aims = { server: { aim: 300 }, runner: { aim: 80 }, postgres: {} } as const;
      const rss = census[name].map((memory) => Math.round(memory.rss));
      return [
        toResult({
          ...{ name: `memory.${name}`, unit: 'MB', samples: census[name].map((memory) => memory.pss), ...aims[name] },
          method: `PSS of ${of}, idle; one session with one shell, nobody looking; RSS ${rss[rss.length >> 1]} MB`,
        }),
      ];
    },
  }) satisfies Measure;

export const memory: Measure[] = [
  part('server', 'the server process after it has served what was measured before'),
  part('runner', 'one runner process, without its programs'),
  part('postgres', 'Postgres and all its backends'),
];
