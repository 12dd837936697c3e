/** Fills the log of a home that no server has used yet with questions to people: some decided, many that wait. */
import { createHash, randomFillSync } from 'node:crypto';
import { type CommandEffect, noFacts } from '#protocol/action-facts.ts';
import type { NewEvent } from '#protocol/event.ts';
import { newId, type SessionId } from '#protocol/id.ts';
import { readProcess } from '#runner/sandbox/process-table.ts';
import { createBus } from '#server/bus/index.ts';
import { openLog, type SessionTopics } from '#server/session/index.ts';
import { withDatabase } from './seed-home.ts';

export interface SeedApprovals {
  sessions: number;
  /** Of each session. */
  decided: number;
  pending: number;
}

const random = (bytes: Uint8Array) => void randomFillSync(bytes);
const ids = { now: () => Date.now(), random };
const principal = 'server';
/** Events of one append, well below what it takes at most. */
const batch = 400;

/** The runners of all these sessions are this very process, so that the server finds them alive. */
export async function seedApprovals(home: string, { sessions, decided, pending }: SeedApprovals): Promise<void> {
  const self = readProcess(process.pid);
  if (!self) throw new Error('this process is not in the process table');
  await withDatabase(home, async ({ sql }) => {
    const clock = { now: () => Date.now() };
    const log = await openLog({ sql, clock, random, bus: createBus<SessionTopics>(() => undefined) });
    for (let n = 0; n < sessions; n++) {
      const sessionId = newId('session', ids);
      const runnerId = newId('runner', ids);
      const events = begun(n, runnerId);
      for (let at = 0; at < decided + pending; at++) events.push(...question(sessionId, at, at < decided));
      while (events.length > 0) await log.append(sessionId, events.splice(0, batch));
      const key = createHash('sha256').update(runnerId).digest();
      await sql`
        insert into runners (session_id, runner_id, epoch, key_hash, pid, outer_pid, start_ticks, updated_at)
        values (${sessionId}, ${runnerId}, 1, ${key}, ${self.pid}, ${self.pid}, ${self.startTicks}, now())`;
    }
    await log.flush();
    await log.close();
    await sql`vacuum analyze`;
  });
}

function begun(n: number, runnerId: ReturnType<typeof newId<'runner'>>): NewEvent[] {
  const made = { name: `orders-${n}`, source: '/home/ada/orders', checkout: '/checkout', branch: null };
  const isolation = { isolation: 'namespaces' as const, warning: null };
  return [
    { type: 'session.created', principal, payload: { ...made, includesChanges: false } },
    { type: 'agent.added', principal, payload: { agent: 'coder', harness: 'acp:example', model: null } },
    { type: 'runner.connected', principal, payload: { runnerId, epoch: 1, ...isolation } },
  ];
}

function question(sessionId: SessionId, n: number, isDecided: boolean): NewEvent[] {
  const actionId = newId('action', ids);
  const approvalId = newId('approval', ids);
  const command = `npm run migrate -- --step ${n} > logs/migrate-${n}.log 2>&1 && git commit -am "Step ${n}"`;
  const effect: CommandEffect = 'execute';
  const argv = ['npm', 'run', 'migrate', '--', '--step', String(n)];
  const real = `/checkout/logs/migrate-${n}.log`;
  const facts = {
    ...noFacts,
    commands: [{ program: 'npm', argv, effect, unknown: [], cwd: '/checkout', via: [] }],
    paths: [{ path: `logs/migrate-${n}.log`, real, effect: 'write' as const, restricted: false, isInBase: true }],
  };
  const subject = { kind: 'command' as const, tool: 'shell', command, paths: [], cwd: '/checkout' };
  const whose = { turnId: null, agent: 'coder' };
  const rule = 'security_guardrails.require_human_approval_on_mutation';
  const said = { rule, reasons: [`it changes ${real}`] };
  const hash = createHash('sha256').update(`${sessionId} ${n}`).digest('hex');
  const judged = { verdict: 'ask' as const, ...said, policyHash: hash, facts, command: null };
  const asked: NewEvent[] = [
    {
      type: 'action.requested',
      principal,
      payload: { actionId, ...whose, itemId: null, ...subject, facts },
      dedupeKey: `requested:${actionId}`,
    },
    { type: 'action.judged', principal, payload: { actionId, ...judged }, dedupeKey: `judged:${actionId}` },
    {
      type: 'approval.requested',
      principal,
      payload: { approvalId, actionId, ...whose, ...subject, ...said, effect, hash, subject: hash },
      dedupeKey: `approval:${actionId}`,
    },
  ];
  if (!isDecided) return asked;
  const about = { approvalId, actionId };
  const decision = { decision: 'approved' as const, note: null, edit: null, subject: hash, forSession: false };
  return [
    ...asked,
    { type: 'approval.shown', principal, payload: about, dedupeKey: `shown:${approvalId}` },
    {
      type: 'approval.decided',
      principal,
      payload: { ...about, ...decision },
      dedupeKey: `decided:${approvalId}`,
    },
    { type: 'approval.delivered', principal, payload: about },
    { type: 'action.acted', principal, payload: { actionId, outcome: 'ran' } },
  ];
}
