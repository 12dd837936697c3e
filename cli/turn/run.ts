/** `omnigent run`: one prompt in a session of its own, from a script or by hand. */
import { AppError } from '#protocol/error.ts';
import type { SessionEvent } from '#protocol/event.ts';
import type { Api } from '../api/client.ts';
import { defineCommand } from '../command.ts';
import { type Io, printable, spoken, warn, write } from '../io.ts';
import { placeOf, placeOptions } from '../session/place.ts';
import { exitOf, followTurn, type TurnOutcome } from './follow-turn.ts';
import { type Asked, noteApproval, sayYes } from './question.ts';

export const agentOptions = {
  harness: { type: 'string', value: 'TYPE', summary: 'kind of agent, see `omnigent harness list`' },
  model: { type: 'string', value: 'MODEL', summary: 'model it uses (default: its own)' },
} as const;

/** Which harness is meant when none is named: a whole agent that asks before everything, else whatever can be used. */
async function usableHarness(call: Api['call']): Promise<string> {
  const usable = (await call.harness.list.query()).filter(({ problem }) => problem === null);
  const found =
    usable.find(({ capabilities, isInstallable }) => isInstallable && capabilities.gate === 'every-action') ??
    usable[0];
  if (found) return found.type;
  throw new AppError({
    code: 'input.invalid',
    message: '--harness: none can be used here; see `omnigent harness list`',
  });
}

function timeoutOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const seconds = Number(text);
  if (seconds > 0 && seconds <= 7 * 24 * 3600) return seconds * 1000;
  throw new AppError({ code: 'input.invalid', message: '--timeout: seconds, more than 0' });
}

interface Run {
  api: Api;
  io: Io;
  isJson: boolean;
  sessionId: string;
  turnId: string;
  timeoutMs: number | null;
  /** Do not wait for a person. */
  isLeaving: boolean;
  /** Questions of these rules are answered with yes. */
  yesTo: string | null;
}

type Watched = TurnOutcome | 'late' | 'waiting';

/** Prints the turn as it goes: how it ended, that its time was up and it was interrupted, or that a person is waited for. */
async function watch(run: Run, approvals: Map<string, Asked>): Promise<Watched> {
  const { api, io, isJson, sessionId, turnId, timeoutMs } = run;
  const leave = new AbortController();
  const tell = async (event: SessionEvent) => {
    if (isJson) return write(io.stdout, `${JSON.stringify(event)}\n`);
    if (event.type === 'session.paused')
      return write(io.stderr, `${printable(event.payload.reason)}; \`omnigent session resume ${sessionId}\` goes on\n`);
    if (event.type === 'item.completed') {
      const { kind, text, title, parentId, status } = event.payload;
      if (kind === 'message' && parentId === null) return write(io.stdout, spoken(text, io.stdout));
      if (kind !== 'message' && kind !== 'reasoning')
        return write(io.stderr, `${status === 'completed' ? '·' : status} ${printable(title)}\n`);
    }
  };
  const onEvent = async (event: SessionEvent) => {
    await tell(event);
    const isAsked = noteApproval(approvals, event) && event.type === 'approval.requested';
    const isWaiting = isAsked ? !(await sayYes(run, event)) : isFreezing(event);
    if (isWaiting && run.isLeaving) leave.abort();
  };
  const signals = [leave.signal, ...(timeoutMs === null ? [] : [AbortSignal.timeout(timeoutMs)])];
  const outcome = await followTurn({ api, sessionId, turnId, after: 0, onEvent, signal: AbortSignal.any(signals) });
  if (outcome) return outcome;
  if (leave.signal.aborted) return 'waiting';
  await api.call.turn.interrupt.mutate({ session: sessionId }).catch(() => undefined);
  return 'late';
}

/** Nothing goes on before a person resumes it. */
const isFreezing = (event: SessionEvent): boolean =>
  event.type === 'session.paused' && event.payload.programs === 'frozen';

interface Result {
  sessionId: string;
  turnId: string;
  watched: Watched;
  approvals: Asked[];
}

const waitsFor = (approvals: readonly Asked[]): string =>
  approvals.some(({ status }) => status === 'pending') ? 'a person decides' : 'the session is paused';

async function resultOf(api: Api, { sessionId, turnId, watched, approvals }: Result) {
  const outcome = typeof watched === 'string' ? null : watched;
  // What the turn changed is stated before the runner answers.
  await api.call.turn.diff.query({ session: sessionId }).catch(() => undefined);
  const [{ view }, usage] = await Promise.all([
    api.call.session.get.query({ session: sessionId }),
    api.call.turn.usage.query({ session: sessionId }),
  ]);
  const after = outcome?.seq ?? 0;
  const rest = await api.call.session.history.query({ session: sessionId, after, limit: 500 });
  const filesChanged = rest.flatMap((event) =>
    event.type === 'file.changed' && event.payload.turnId === turnId ? [event.payload.path] : [],
  );
  const calls = usage.calls.filter((call) => call.turnId === turnId);
  const sum = (
    field: 'inputTokens' | 'cacheReadTokens' | 'cacheWrite5mTokens' | 'cacheWrite1hTokens' | 'outputTokens',
  ) => calls.reduce((total, call) => total + call[field], 0);
  const costs = calls.map(({ costMicroUsd }) => costMicroUsd);
  return {
    result: {
      ...{
        sessionId,
        turnId,
        status: outcome?.status ?? (watched === 'waiting' ? 'waiting' : 'interrupted'),
        reason: outcome ? outcome.reason : watched === 'waiting' ? waitsFor(approvals) : 'time is up',
      },
      output: outcome?.output ?? '',
      filesChanged,
      usage: {
        calls: calls.length,
        inputTokens: sum('inputTokens'),
        cacheReadTokens: sum('cacheReadTokens'),
        cacheWrite5mTokens: sum('cacheWrite5mTokens'),
        cacheWrite1hTokens: sum('cacheWrite1hTokens'),
        outputTokens: sum('outputTokens'),
      },
      costMicroUsd:
        costs.every((cost) => cost !== null) && costs.length > 0
          ? costs.reduce((a, b) => (a ?? 0) + (b ?? 0), 0)
          : null,
      approvals,
      checkout: view.checkout,
    },
  };
}

export const runPrompt = defineCommand({
  words: ['run'],
  summary: 'give one prompt to an agent in a new session, and wait for the end of its turn',
  operands: ['PROMPT'],
  options: {
    name: { type: 'string', value: 'NAME', summary: 'name of the session (default: the name of the folder)' },
    ...placeOptions,
    'include-changes': { type: 'boolean', summary: 'with uncommitted and untracked files' },
    ...agentOptions,
    timeout: { type: 'string', value: 'S', summary: 'interrupt it after S seconds, exit 124' },
    'yes-to': {
      type: 'string',
      value: 'RULE',
      summary: 'approve what this rule alone asks about, or these, with commas; a * at the end means any',
    },
    'no-wait': { type: 'boolean', summary: 'exit 8 as soon as it waits for a person; the turn goes on waiting' },
  },
  async run({ options, operands, isJson, io, connect }) {
    const timeoutMs = timeoutOf(options.timeout);
    const api = await connect();
    const harness = options.harness ?? (await usableHarness(api.call));
    const { sessionId, url, warnings } = await api.call.session.create.mutate({
      ...(options.name === undefined ? {} : { name: options.name }),
      ...(options.model === undefined ? {} : { model: options.model }),
      ...placeOf(options, io.cwd),
      includeChanges: options['include-changes'] ?? false,
      harness,
      wait: false,
    });
    await write(io.stderr, `${url}\n`);
    await warn(io, warnings);
    const { turnId } = await api.call.turn.send.mutate({ session: sessionId, prompt: operands.PROMPT });
    const asked = new Map<string, Asked>();
    const yes = { isLeaving: options['no-wait'] ?? false, yesTo: options['yes-to'] ?? null };
    const watched = await watch({ api, io, isJson, sessionId, turnId, timeoutMs, ...yes }, asked);
    const approvals = [...asked.values()];
    if (isJson) {
      await write(io.stdout, `${JSON.stringify(await resultOf(api, { sessionId, turnId, watched, approvals }))}\n`);
    } else if (watched === 'waiting') {
      const waits = approvals.filter(({ status }) => status === 'pending').map(({ id }) => id);
      if (waits.length > 0)
        await write(io.stderr, `waiting for a person: ${waits.join(', ')}; see \`omnigent inbox\`\n`);
    } else if (watched !== 'late' && watched.reason) {
      await write(io.stderr, `${watched.status}: ${printable(watched.reason)}\n`);
    }
    if (watched === 'waiting') return 8;
    return watched === 'late' ? 124 : exitOf[watched.status];
  },
});
