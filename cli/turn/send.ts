/** `omnigent session send` and `session interrupt`: prompts into a session that is there. */
import { defineCommand } from '../command.ts';
import { printable, spoken } from '../io.ts';
import { exitOf, followTurn } from './follow-turn.ts';
import { agentOptions } from './run.ts';

export const sendPrompt = defineCommand({
  words: ['session', 'send'],
  summary: 'give a prompt to an agent of the session; it waits its turn',
  operands: ['SES', 'PROMPT'],
  options: {
    agent: { type: 'string', value: 'NAME', summary: 'which agent (default: the one that worked last)' },
    ...agentOptions,
    wait: { type: 'boolean', summary: 'until the turn is over, then print its answer' },
    steer: { type: 'boolean', summary: 'add it to the turn that runs instead' },
  },
  async run({ operands, options, connect, print }) {
    const api = await connect();
    const { view } = await api.call.session.get.query({ session: operands.SES });
    if (options.steer) {
      const { turnId } = await api.call.turn.steer.mutate({ session: view.id, text: operands.PROMPT });
      await print({ turnId, status: 'steered' }, `${turnId} steered\n`);
      return 0;
    }
    const { agent, harness, model } = options;
    const { turnId } = await api.call.turn.send.mutate({
      session: view.id,
      prompt: operands.PROMPT,
      ...(agent === undefined ? {} : { agent }),
      ...(harness === undefined ? {} : { harness }),
      ...(model === undefined ? {} : { model }),
    });
    if (!options.wait) {
      const { view: now } = await api.call.session.get.query({ session: view.id });
      const status = now.turns.queue.some((waiting) => waiting.turnId === turnId) ? 'queued' : 'started';
      await print({ turnId, status }, `${turnId} ${status}\n`);
      return 0;
    }
    const outcome = await followTurn({ api, sessionId: view.id, turnId, after: view.lastSeq });
    const { status = 'failed', reason = null, output = '' } = outcome ?? {};
    await print(
      { turnId, status, reason, output },
      `${spoken(output, process.stdout)}${reason === null ? '' : `${status}: ${printable(reason)}\n`}`,
    );
    return exitOf[status];
  },
});

export const interruptTurn = defineCommand({
  words: ['session', 'interrupt'],
  summary: 'end the turn that runs; prompts that wait go on',
  operands: ['SES'],
  options: {},
  async run({ operands, connect, print }) {
    const { call } = await connect();
    const { turnId } = await call.turn.interrupt.mutate({ session: operands.SES });
    await print({ turnId, status: 'interrupted' }, `${turnId} interrupted\n`);
    return 0;
  },
});
