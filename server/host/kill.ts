/** Ends a runner and everything below it, and never a process that only took over its pid. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '#protocol/error.ts';
import { isAlive, type ProcessIdentity, readDescendants, readProcess } from '#runner/sandbox/index.ts';

/** Time between looks while waiting for an end, in ms. */
const lookMs = 10;
/** SIGKILL is not refused; a process that stays this long, in ms, hangs in the kernel. */
const killedMs = 10_000;

const stuck = (message: string, cause?: unknown) => new AppError({ code: 'runner.unreachable', message, cause });

async function isGoneWithin(identity: ProcessIdentity, ms: number): Promise<boolean> {
  const deadline = performance.now() + ms;
  while (isAlive(identity)) {
    if (performance.now() >= deadline) return false;
    await sleep(lookMs);
  }
  return true;
}

function signal(identity: ProcessIdentity, name: 'SIGTERM' | 'SIGKILL'): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, name);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ESRCH') return;
    throw stuck(`process ${identity.pid} cannot be signalled`, cause);
  }
}

/** The first process of a PID namespace takes all others with it; the kernel sees to that. */
function isNamespaceInit(pid: number): boolean {
  try {
    return /^NSpid:.*\s1$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Without a namespace: those below it and in its process group, which would otherwise be left behind. */
async function readTree(identity: ProcessIdentity): Promise<ProcessIdentity[]> {
  if (isNamespaceInit(identity.pid)) return [];
  return readDescendants(identity.pid);
}

/** Resolves when the process is gone. Does nothing when it is gone already. Throws AppError `runner.unreachable`. */
export async function killRunner(identity: ProcessIdentity, graceMs: number): Promise<void> {
  if (!isAlive(identity)) return;
  const before = await readTree(identity);
  signal(identity, 'SIGTERM');
  if (!(await isGoneWithin(identity, graceMs))) {
    before.push(...(await readTree(identity)));
    signal(identity, 'SIGKILL');
  }
  for (const left of before) signal(left, 'SIGKILL');
  const all = await Promise.all([identity, ...before].map((one) => isGoneWithin(one, killedMs)));
  if (all.every(Boolean)) return;
  const state = readProcess(identity.pid)?.state ?? 'gone';
  throw stuck(`process ${identity.pid} does not end (state ${state})`);
}
