/** What must hold of approvals after a fault: read from the database and the files, held against what people were told. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sql } from '#db/client.ts';
import type { EventPayload, EventType } from '#protocol/event.ts';
import type { ActionId, ApprovalId } from '#protocol/id.ts';
import { checkChains, withDatabase } from '../check.ts';
import type { Question } from './approver.ts';
import { type Asker, actedFile, numberIn } from './asker.ts';
import type { ApprovalWorld } from './world.ts';

interface Row {
  seq: number;
  type: EventType;
  principal: string;
  payload: unknown;
}

type Found<T extends EventType> = Omit<Row, 'payload'> & { payload: EventPayload<T> };

/** The log of one session. */
class SessionLog {
  readonly #rows: readonly Row[];

  constructor(rows: readonly Row[]) {
    this.#rows = rows;
  }

  of<T extends EventType>(type: T): Found<T>[] {
    return this.#rows.filter((row): row is Found<T> => row.type === type);
  }

  about<T extends EventType>(type: T, approvalId: ApprovalId): Found<T>[] {
    return this.of(type).filter(({ payload }) => (payload as { approvalId?: ApprovalId }).approvalId === approvalId);
  }

  outcomes(actionId: ActionId): string {
    const acted = this.of('action.acted').filter(({ payload }) => payload.actionId === actionId);
    return acted.map(({ payload }) => payload.outcome).join(' ');
  }

  /** Whether what it was about has come to its end. */
  hasEnded(actionId: ActionId): boolean {
    const requested = this.of('action.requested').find(({ payload }) => payload.actionId === actionId);
    return this.of('item.completed').some(({ payload }) => payload.itemId === requested?.payload.itemId);
  }
}

export async function checkApprovals(world: ApprovalWorld): Promise<string[]> {
  const { server, askers } = world;
  return withDatabase(server, async (sql) => {
    const wrong = await checkChains(sql, server);
    const names = new Map((await sql`select id, name from people`).map(({ id, name }) => [id as string, name]));
    for (const asker of askers) wrong.push(...(await checkSession(sql, asker, world, names)));
    return wrong;
  });
}

async function checkSession(
  sql: Sql,
  asker: Asker,
  { approver, killed, people }: ApprovalWorld,
  names: ReadonlyMap<string, string>,
): Promise<string[]> {
  const { sessionId, checkout } = asker;
  const log = new SessionLog(
    await sql<Row[]>`select seq, type, principal, payload from events where session_id = ${sessionId} order by seq`,
  );
  const wrong: string[] = [];
  const requested = log.of('approval.requested');
  const logged = new Set(requested.map(({ payload }) => payload.approvalId));
  const heard = approver.questions.filter((question) => question.sessionId === sessionId);
  for (const { approvalId } of heard) if (!logged.has(approvalId)) wrong.push(`I1 ${approvalId} is not in the log`);
  const lines = (await readFile(join(checkout, actedFile), 'utf8').catch(() => '')).split('\n');
  for (const { payload } of requested) {
    const { approvalId, command } = payload;
    const times = lines.filter((line) => line === String(numberIn(command))).length;
    const status = (await people[0].api.approval.get.query({ id: approvalId })).status;
    const question = heard.find((each) => each.approvalId === approvalId);
    const asked = { log, approvalId, actionId: payload.actionId, times, status, hasDied: killed.has(sessionId) };
    const found = [...checkEnd(asked), ...checkTold(log, question, names)];
    wrong.push(...found.map((what) => `APR21 prompt ${numberIn(command)} (${approvalId}): ${what}`));
  }
  return wrong;
}

interface Asked {
  log: SessionLog;
  approvalId: ApprovalId;
  actionId: ActionId;
  /** How often its command ran. */
  times: number;
  /** As people are told. */
  status: string;
  /** A runner of its session was killed. */
  hasDied: boolean;
}

/** It has one end, and the file says the same. */
function checkEnd({ log, approvalId, actionId, times, status, hasDied }: Asked): string[] {
  const decided = log.about('approval.decided', approvalId);
  const delivered = log.about('approval.delivered', approvalId);
  const closed = [...log.about('approval.withdrawn', approvalId), ...log.about('approval.expired', approvalId)];
  const [decision] = decided;
  const outcomes = log.outcomes(actionId);
  const wrong: string[] = [];
  if (decided.length + closed.length !== 1)
    wrong.push(`decided ${decided.length} times, closed ${closed.length} times`);
  if (delivered.length > 1 || (delivered[0] && delivered[0].seq < (decision?.seq ?? Number.POSITIVE_INFINITY)))
    wrong.push(`delivered ${delivered.length} times, or before it was decided`);
  if (times > 1) wrong.push(`ran ${times} times`);
  const isApproved = decision?.payload.decision === 'approved';
  if (!isApproved && times > 0) wrong.push('ran though nobody approved it');
  const isUnknown = isApproved && hasDied && (outcomes === 'unknown' || outcomes === 'ran unknown');
  if (isUnknown) return status === 'unknown' ? wrong : [...wrong, `unknown, and people are told ${status}`];
  if (decision && status !== decision.payload.decision)
    wrong.push(`${decision.payload.decision}, and people are told ${status}`);
  if (isApproved && (outcomes !== 'ran' || times !== 1 || !log.hasEnded(actionId)))
    wrong.push(`approved: acted “${outcomes}”, ran ${times} times, ${log.hasEnded(actionId) ? 'ended' : 'not ended'}`);
  if (!decision && !hasDied) wrong.push(`${status} though its runner lived`);
  return wrong;
}

/** What people were told is what the log says. */
function checkTold(log: SessionLog, question: Question | undefined, names: ReadonlyMap<string, string>): string[] {
  if (!question) return ['no tab was told of it'];
  const { approvalId, isShown, answers } = question;
  const [decided] = log.about('approval.decided', approvalId);
  const wrong: string[] = [];
  if (isShown && decided && log.about('approval.shown', approvalId).length !== 1)
    wrong.push('shown, but not in the log');
  const won = answers.filter(({ kind }) => kind === 'won');
  if (won.length > 1) wrong.push('two people were told that they decided it');
  for (const { personId, decision } of won) {
    if (decided?.principal !== personId || decided.payload.decision !== decision)
      wrong.push(`${personId} was told to have ${decision} it, the log says otherwise`);
  }
  for (const answer of answers) {
    if (answer.kind === 'late' && answer.by !== null && answer.by !== names.get(decided?.principal ?? ''))
      wrong.push(`${answer.personId} was told that ${answer.by} decided it, the log says otherwise`);
  }
  return wrong;
}
