import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type ChaosRun, runOnce, verdictOf } from './run.ts';

const durations = { cutSeconds: 2, stopSeconds: 2 };
const quiet = () => undefined;
const limitMs = 120_000;

let folder: string;
let deadServer: ChaosRun | undefined;
let deadRunner: ChaosRun | undefined;

/** Both at once, in one folder: everything that a run leaves behind would be in it; the database's own user has to get through. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omnigent-chaos-'));
  await chmod(folder, 0o711);
  vi.stubEnv('TMPDIR', folder);
  const faults = ['kill-server', 'kill-runner'] as const;
  const runs = faults.map((fault, n) => runOnce({ seed: n + 1, fault, durations, usesBrowser: false, note: quiet }));
  [deadServer, deadRunner] = await Promise.all(runs);
  vi.unstubAllEnvs();
}, limitMs);
afterAll(() => rm(folder, { recursive: true }));

it('[FLT1] [FLT2] [FLT5] [FLT9] a server killed in the middle of everything loses nothing', async () => {
  expect(deadServer?.violations).toEqual([]);
  expect(deadServer?.inFlight).toBeGreaterThan(0);
  expect(deadServer?.acked.events).toBeGreaterThan(0);
  expect((await readdir(folder)).filter((name) => name.startsWith('omnigent-e2e-'))).toEqual([]);
});

it('[FLT4] [FLT6] a killed runner takes its programs along, and its session is resumed', () => {
  expect(deadRunner?.violations).toEqual([]);
});

it('[FLT8] a fault that hit nothing in flight is not ok', () => {
  const calm = { events: 0, keys: 0, calls: 1, bytes: 10 };
  const violations = ['FLT8 the fault hit nothing in flight'];
  expect(verdictOf(calm, [])).toEqual({ inFlight: 0, ok: false, violations });
  expect(verdictOf({ ...calm, keys: 1 }, [])).toEqual({ inFlight: 1, ok: true, violations: [] });
  expect(verdictOf({ ...calm, keys: 1 }, ['I1 x']).ok).toBe(false);
});
