/** One seeded fault among approvals, from agents that ask to a verdict. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApprovalId, SessionId } from '#protocol/id.ts';
import { Commands } from '../../cli/command.ts';
import { seededRandom } from '../../random.ts';
import { type ChaosRun, verdictOf } from '../chaos-run.ts';
import { checkProcesses } from '../check.ts';
import { type Fault, killPostgres, killServer } from '../fault.ts';
import { until } from '../wait.ts';
import type { Question } from './approver.ts';
import { checkApprovals } from './check.ts';
import { type ApprovalFault, partsOf, type Stage, stages } from './fault.ts';
import { type ApprovalWorld, openApprovalWorld } from './world.ts';

/** Somebody has come to every stage by then, ms. */
const aimMs = 20_000;
/** After it every session works on by itself, or by Resume, ms. */
const recoveryMs = 30_000;
/** A dead process is noticed by the host's look at the process table, ms. */
const confirmedMs = 5_000;

export interface ApprovalRunOptions {
  seed: number;
  fault: ApprovalFault;
  note: (line: string) => void;
}

const nothing = Object.fromEntries(stages.map((stage) => [stage, 0])) as Record<Stage, number>;

/** A run on a stage of its own. */
export async function runApprovals(options: ApprovalRunOptions): Promise<ChaosRun> {
  const violations: string[] = [];
  try {
    const world = await openApprovalWorld(seededRandom(options.seed));
    const run = await strikeApprovals(world, options).catch((cause: unknown) => {
      violations.push(`FLT9 the run did not end: ${said(cause)}`);
      return null;
    });
    if (run === null || !run.ok) options.note(world.server.output);
    await world.close().catch((cause: unknown) => violations.push(`I10 ${said(cause)}`));
    if (run) return { ...run, ok: run.ok && violations.length === 0, violations: [...run.violations, ...violations] };
  } catch (cause) {
    violations.push(`FLT9 ${said(cause)}`);
  }
  return runOf(options, { at: new Date().toISOString(), inFlightOf: nothing, recoveredMs: null }, {}, violations);
}

const said = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause)).slice(0, 2_000);

type Outcome = Pick<ChaosRun, 'at' | 'inFlightOf' | 'recoveredMs'>;

function runOf(
  { seed, fault }: ApprovalRunOptions,
  outcome: Outcome,
  acked: ChaosRun['acked'],
  violations: string[],
): ChaosRun {
  const inFlight = outcome.inFlightOf[partsOf(fault).stage] ?? 0;
  return { seed, fault, ...outcome, ...verdictOf(inFlight, violations), chromium: false, acked };
}

/** One fault on a stage that may have lived through others. */
export async function strikeApprovals(world: ApprovalWorld, options: ApprovalRunOptions): Promise<ChaosRun> {
  const { askers, approver } = world;
  const violations: string[] = [];
  const outcome = await strike(world, options, violations);
  for (const asker of askers) await asker.stop();
  for (const asker of askers) await asker.settle(violations);
  violations.push(...(await checkApprovals(world)), ...(await checkProcesses(world)));
  const prompts = askers.reduce((sum, asker) => sum + asker.acked, 0);
  return runOf(options, outcome, { prompts, decisions: approver.acked }, violations);
}

async function strike(world: ApprovalWorld, options: ApprovalRunOptions, violations: string[]): Promise<Outcome> {
  const random = seededRandom(options.seed);
  const { victim, stage } = partsOf(options.fault);
  const { askers } = world;
  const faults = {
    server: () => killServer(world, random),
    postgres: () => killPostgres(world),
    runner: () => killRunner(world),
  };
  const fault = await faults[victim]();
  for (const asker of askers) asker.start();
  await sleep(random.between(200, 1_500));
  const struck = await hit(world, stage, fault);
  const at = new Date().toISOString();
  world.proxy.mend();
  if (!struck) return { at, inFlightOf: nothing, recoveredMs: null };
  violations.push(...(await fault.last(struck.question)));
  if (victim === 'runner') violations.push(...(await checkLost(world, struck.question)));
  const approvals = await recover(world, violations);
  return { at, inFlightOf: struck.inFlightOf, recoveredMs: { approvals } };
}

interface ApprovalFaultWork {
  hit(question: Question): void;
  last(question: Question): Promise<string[]>;
}

/** Null when nothing came to that stage. */
async function hit({ approver, proxy }: ApprovalWorld, stage: Stage, fault: ApprovalFaultWork | Fault) {
  const struck = new Promise<{ question: Question; inFlightOf: Record<Stage, number> }>((resolve) => {
    approver.aim({
      stage,
      before: () => proxy.cut('reset'),
      hit(question, inFlightOf) {
        fault.hit(question);
        resolve({ question: { ...question }, inFlightOf });
      },
    });
  });
  return Promise.race([struck, sleep(aimMs, null)]);
}

/** Kills the runner of the session whose question was aimed at, and resumes the session. */
async function killRunner(world: ApprovalWorld): Promise<ApprovalFaultWork> {
  const { people, askers, killed } = world;
  const { sessions } = await people[0].api.session.processes.query();
  const runners = new Map(sessions.flatMap(({ id, runner }) => (runner ? [[id as SessionId, runner.pid]] : [])));
  return {
    hit({ sessionId }) {
      const pid = runners.get(sessionId);
      if (pid === undefined) throw new Error(`no runner of ${sessionId}`);
      process.kill(pid, 'SIGKILL');
      killed.add(sessionId);
    },
    async last({ sessionId }) {
      const asker = askers.find((each) => each.sessionId === sessionId);
      const status = async () => (await asker?.view())?.status;
      return until('', async () => (await status()) === 'interrupted', confirmedMs).then(
        () => [],
        async () => [`FLT6 after its runner died the session is ${await status()}`],
      );
    },
  };
}

/** What people are told of the question whose runner died, before anybody resumes its session. */
async function checkLost({ server, approver }: ApprovalWorld, { approvalId, stage }: Question): Promise<string[]> {
  const commands = new Commands(server, server.folder);
  const { stdout } = await commands.run(['inbox', '--json']);
  const lines = stdout.split('\n').filter((line) => line !== '');
  const rows = lines.map((line) => JSON.parse(line) as { id: ApprovalId; status: string });
  const status = rows.find(({ id }) => id === approvalId)?.status ?? 'not there';
  // It may have been decided before the death was noticed.
  const answers = approver.questions.find((question) => question.approvalId === approvalId)?.answers ?? [];
  const won = answers.find(({ kind }) => kind === 'won');
  const wanted = won ? (won.decision === 'approved' ? 'unknown' : 'denied') : 'withdrawn';
  return status === wanted ? [] : [`APR20 ${stage} when its runner died: the inbox calls it ${status}, not ${wanted}`];
}

/** Every session gets a decision through again; a dead one by Resume. Resolves with how long it took, ms. */
async function recover({ askers, approver }: ApprovalWorld, violations: string[]): Promise<number | null> {
  for (const asker of askers) if ((await asker.view()).status === 'interrupted') await asker.resume();
  const known = new Set(approver.questions.map(({ approvalId }) => approvalId));
  const isThrough = (sessionId: SessionId) =>
    approver.questions.some(
      (question) => question.sessionId === sessionId && question.stage === 'over' && !known.has(question.approvalId),
    );
  return until('', () => askers.every(({ sessionId }) => isThrough(sessionId)), recoveryMs).then(Math.round, () => {
    violations.push(`APR21 not every session gets on after ${recoveryMs / 1_000} s`);
    return null;
  });
}
