/** Every fault once: its long ones last only as long as it takes to be noticed. `npm run chaos` has all seeds and the full durations. */
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { seededRandom } from '../random.ts';
import { stages, type Victim } from './approval/fault.ts';
import { strikeApprovals } from './approval/run.ts';
import { openApprovalWorld } from './approval/world.ts';
import { verdictOf } from './chaos-run.ts';
import type { SessionFault } from './fault.ts';
import { runOnce } from './run.ts';

const durations = { cutSeconds: 20, stopSeconds: 10 };
/** What each run wrote of itself, for the case that it fails. */
const notes: string[] = [];
vi.setConfig({ maxConcurrency: 2, testTimeout: 180_000 });

let folder: string;
/** All in one folder: everything that a run leaves behind would be in it; the database's own user has to get through. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omnigent-chaos-'));
  await chmod(folder, 0o711);
  vi.stubEnv('TMPDIR', folder);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function survive(fault: SessionFault, seed: number): Promise<void> {
  const note = (line: string) => void notes.push(`${fault}: ${line}`);
  const { violations, inFlight, acked } = await runOnce({ seed, fault, durations, usesBrowser: false, note });
  expect(violations, notes.join('\n')).toEqual([]);
  expect(inFlight).toBeGreaterThan(0);
  expect(acked.events).toBeGreaterThan(0);
}

/** Every stage of an approval, one after the other on one server. */
async function approve(victim: Victim, seed: number): Promise<void> {
  const world = await openApprovalWorld(seededRandom(seed));
  try {
    for (const stage of stages) {
      const fault = `approval-${victim}-${stage}` as const;
      const { violations, inFlight } = await strikeApprovals(world, { seed, fault, note: () => undefined });
      expect(violations, `${fault}\n${world.server.output}`).toEqual([]);
      expect(inFlight).toBeGreaterThan(0);
    }
  } finally {
    await world.close();
  }
}

describe.concurrent('in the middle of everything', () => {
  it('[FLT1] [FLT2] [FLT3] [FLT5] a killed server loses nothing', () => survive('kill-server', 1));
  it('[FLT1] [FLT2] [FLT3] [FLT5] a killed database loses nothing', () => survive('kill-postgres', 2));
  it('[FLT7] a runner whose link is cut is unreachable, and goes on when it is back', () => survive('cut-link', 3));
  it('[FLT4] [FLT6] a killed runner takes its programs along, and its session is resumed', () =>
    survive('kill-runner', 4));
  it('[APR21] a killed server loses no approval, decides none twice and runs none twice, in every stage', () =>
    approve('server', 6));
  it('[APR21] [APR20] a killed runner leaves no approval open, and what had begun is unknown, in every stage', () =>
    approve('runner', 7));
  it('[APR21] a killed database loses no approval, decides none twice and runs none twice, in every stage', () =>
    approve('postgres', 8));
  it('[FLT1] [FLT2] [FLT5] a server that stands still for a while loses nothing', () => survive('stop-server', 5));
});

it('[FLT9] leaves no folder behind', async () => {
  // Where tsx caches is its own affair.
  expect((await readdir(folder)).filter((name) => !name.startsWith('tsx-'))).toEqual([]);
});

it('[FLT8] a fault that hit nothing in flight is not ok', () => {
  const violations = ['FLT8 the fault hit nothing in flight'];
  expect(verdictOf(0, [])).toEqual({ inFlight: 0, ok: false, violations });
  expect(verdictOf(1, [])).toEqual({ inFlight: 1, ok: true, violations: [] });
  expect(verdictOf(1, ['I1 x']).ok).toBe(false);
});
