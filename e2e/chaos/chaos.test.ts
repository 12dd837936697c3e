import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { runOnce, verdictOf } from './run.ts';

const durations = { cutSeconds: 2, stopSeconds: 2 };
const quiet = () => undefined;
const limitMs = 120_000;

it(
  '[FLT1] [FLT2] [FLT5] [FLT9] a server killed in the middle of everything loses nothing',
  async () => {
    // Everything that a run leaves behind would be in its temporary folder; the database's own user has to get through.
    const folder = await mkdtemp(join(tmpdir(), 'omnigent-chaos-'));
    await chmod(folder, 0o711);
    vi.stubEnv('TMPDIR', folder);
    const run = await runOnce({ seed: 1, fault: 'kill-server', durations, usesBrowser: false, note: quiet });
    vi.unstubAllEnvs();
    expect(run.violations).toEqual([]);
    expect(run.inFlight).toBeGreaterThan(0);
    expect(run.acked.events).toBeGreaterThan(0);
    expect((await readdir(folder)).filter((name) => name.startsWith('omnigent-e2e-'))).toEqual([]);
    await rm(folder, { recursive: true });
  },
  limitMs,
);

it(
  '[FLT4] [FLT6] a killed runner takes its programs along, and its session is resumed',
  async () => {
    const run = await runOnce({ seed: 2, fault: 'kill-runner', durations, usesBrowser: false, note: quiet });
    expect(run.violations).toEqual([]);
  },
  limitMs,
);

it('[FLT8] a fault that hit nothing in flight is not ok', () => {
  const calm = { events: 0, keys: 0, bytes: 10 };
  const violations = ['FLT8 the fault hit nothing in flight'];
  expect(verdictOf(calm, [])).toEqual({ inFlight: 0, ok: false, violations });
  expect(verdictOf({ ...calm, keys: 1 }, [])).toEqual({ inFlight: 1, ok: true, violations: [] });
  expect(verdictOf({ ...calm, keys: 1 }, ['I1 x']).ok).toBe(false);
});
