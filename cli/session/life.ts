/** `omnigent session stop`, `resume` and `end`, and `omnigent pause`. */
import { AppError } from '#protocol/error.ts';
import type { EventType } from '#protocol/event.ts';
import type { Api } from '../api/client.ts';
import { defineCommand } from '../command.ts';
import { printable } from '../io.ts';

/** How long a resumed session may take to open its terminal, in ms; a missing checkout has to be made anew. */
const resumeMs = 120_000;

async function stateOf(call: Api['call'], session: string) {
  const { view } = await call.session.get.query({ session });
  return { sessionId: view.id, status: view.status, reason: view.reason };
}

export const stopSession = defineCommand({
  words: ['session', 'stop'],
  summary: 'end its programs and its runner; the checkout stays, `session resume` goes on',
  operands: ['SES'],
  options: {},
  async run({ operands, connect, print }) {
    const { call } = await connect();
    await call.session.stop.mutate({ session: operands.SES });
    const state = await stateOf(call, operands.SES);
    await print(state, `${state.status}: ${printable(state.reason)}\n`);
    return 0;
  },
});

export const pauseSession = defineCommand({
  words: ['pause'],
  summary: 'stop everything in it where it stands, until `session resume`',
  operands: ['SES'],
  options: {},
  async run({ operands, connect, print }) {
    const { call } = await connect();
    const { isFrozen } = await call.session.pause.mutate({ session: operands.SES });
    const state = await stateOf(call, operands.SES);
    const later = isFrozen ? '' : '; its runner cannot be reached now, its programs stop as soon as it is back';
    await print({ ...state, isFrozen }, `${state.status}: ${printable(state.reason)}${later}\n`);
    return 0;
  },
});

/** Resolves when a terminal is open, or a runner connected, after event `after`. Throws with the reason when it came to nothing. */
async function untilOpen(api: Api, sessionId: string, after: number, awaited: EventType): Promise<void> {
  const { followEvents } = await import('../api/follow.ts');
  for await (const event of followEvents({ api, sessionId, after, signal: AbortSignal.timeout(resumeMs) })) {
    if (event.type === awaited) return;
    if (event.type === 'session.failed' || event.type === 'session.interrupted') {
      throw new AppError({ code: 'launch.failed', message: event.payload.reason });
    }
  }
  const message = `not ready after ${resumeMs / 1000} s; \`omnigent session show ${sessionId}\` says where it is`;
  throw new AppError({ code: 'runner.unreachable', message });
}

export const resumeSession = defineCommand({
  words: ['session', 'resume'],
  summary: 'let a paused session go on, or start a new runner on the checkout of a stopped one',
  operands: ['SES'],
  options: {},
  async run({ operands, connect, print }) {
    const api = await connect();
    const { view } = await api.call.session.get.query({ session: operands.SES });
    await api.call.session.resume.mutate({ session: view.id });
    const hasAgents = view.turns.agents.length > 0;
    const awaited = hasAgents ? 'runner.connected' : 'terminal.opened';
    if (!view.frozen) await untilOpen(api, view.id, view.lastSeq, awaited);
    const state = await stateOf(api.call, view.id);
    await print(state, `${state.status}: ${printable(state.reason)}\n`);
    return 0;
  },
});

export const endSession = defineCommand({
  words: ['session', 'end'],
  summary: 'end it for good; the checkout is removed only if its work is saved elsewhere',
  operands: ['SES'],
  options: { discard: { type: 'boolean', summary: 'remove the checkout with whatever is in it' } },
  async run({ operands, options, connect, print }) {
    const { call } = await connect();
    const { view } = await call.session.get.query({ session: operands.SES });
    const result = await call.session.end.mutate({ session: view.id, discard: options.discard ?? false });
    const where = result.checkout === 'kept' ? ` at ${printable(view.checkout)}` : '';
    const text = `ended; checkout ${result.checkout}${where}${result.reason ? `: ${printable(result.reason)}` : ''}\n`;
    await print({ sessionId: view.id, ...result }, text);
    return 0;
  },
});
