/** Behaviours of talking: text in, text out, in order, counted, and remembered. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ItemText } from '#server/api/turn.ts';
import { type Behaviour, must } from './behaviour.ts';
import { type Trial, until } from './trial.ts';

const answer = (trial: Trial) => `answer of ${trial.tag}`;

async function completedItems(trial: Trial) {
  return (await trial.events()).flatMap((event) => (event.type === 'item.completed' ? [event.payload] : []));
}

const basic = must('basic turn', 'answered', async (trial) => {
  const { model } = trial.world;
  model.play({ rules: [{ match: { contains: trial.tag }, steps: [{ text: answer(trial) }] }] });
  await trial.done(`Say it, ${trial.tag}`);
  const isAsked = trial.requests(trial.tag).some(({ closedBy }) => closedBy === 'server');
  const isSaid = (await completedItems(trial)).some(({ text, kind }) => kind === 'message' && text === answer(trial));
  return isAsked && isSaid ? 'answered' : `asked ${isAsked}, said ${isSaid}`;
});

const streaming = must('streaming', 'before the end', async (trial) => {
  const { model, ada } = trial.world;
  const gate = `gate-${trial.tag}`;
  // Some terminals show text line by line.
  const steps = [{ text: 'first line\n\nsecond line\n\n' }, { gate }, { text: 'third line' }];
  model.play({ rules: [{ match: { contains: trial.tag }, steps }] });
  const texts: string[] = [];
  const subscription = ada.api.turn.text.subscribe(
    { session: trial.sessionId },
    { onData: (item: ItemText) => void texts.push(item.text) },
  );
  const turnId = await trial.ask(`Stream it, ${trial.tag}`);
  try {
    await until('text before the end', () => texts.join('').includes('first line'), 30_000);
    const isOpen = trial.requests(trial.tag).some(({ closedBy }) => closedBy === null);
    return isOpen ? 'before the end' : 'after the end';
  } finally {
    model.openGate(gate);
    await trial.ended(turnId);
    subscription.unsubscribe();
  }
});

const reasoning = must('reasoning', 'as the provider sent it', async (trial) => {
  const thought = `thought of ${trial.tag}`;
  const steps = [{ reasoning: thought }, { text: answer(trial) }];
  trial.world.model.play({ rules: [{ match: { contains: trial.tag }, steps }] });
  await trial.done(`Think, ${trial.tag}`);
  const isThere = (await completedItems(trial)).some(({ kind, text }) => kind === 'reasoning' && text === thought);
  return isThere ? 'as the provider sent it' : 'missing';
});

const queue = must('queue', 'one after the other', async (trial) => {
  const { model } = trial.world;
  const [one, two, gate] = [`${trial.tag}one`, `${trial.tag}two`, `gate-${trial.tag}`];
  model.play({
    rules: [
      { match: { contains: two }, steps: [{ text: 'second' }] },
      { match: { contains: one }, steps: [{ gate }, { text: 'first' }] },
    ],
  });
  const first = await trial.ask(`Do ${one}`);
  const second = await trial.ask(`Do ${two}`);
  await until('the first request', () => trial.requests(one).length > 0);
  await sleep(300);
  const isEarly = trial.requests(two).length > 0;
  model.openGate(gate);
  await trial.ended(first);
  const { status } = await trial.ended(second);
  return !isEarly && status === 'completed' ? 'one after the other' : `early ${isEarly}, second ${status}`;
});

const modelOverride = must('model override', 'asked for by name', async (trial) => {
  const model = 'scripted-other-1';
  trial.world.model.play({ rules: [{ match: { contains: trial.tag }, steps: [{ text: 'yes' }] }] });
  await trial.done(`Use another model, ${trial.tag}`, { model });
  const models = trial.requests(trial.tag).map(({ body }) => (body as { model?: string }).model ?? '');
  return models.some((name) => name === model) ? 'asked for by name' : `asked for ${models.join(', ')}`;
});

const usage: Behaviour = {
  name: 'usage',
  declared: ({ usage: how }) => (how === 'gateway' ? 'equal to the token' : 'none'),
  async observe(trial) {
    const { model } = trial.world;
    const counted = { input: 1_201, cacheRead: 303, cacheWrite5m: 0, cacheWrite1h: 0, output: 57 };
    model.play({ rules: [{ match: { contains: trial.tag }, usage: counted, steps: [{ text: 'counted' }] }] });
    const before = (await trial.world.ada.api.turn.usage.query({ session: trial.sessionId })).calls.length;
    await trial.done(`Count it, ${trial.tag}`);
    // A call of the agent's own, e.g. for a title, may still be on its way.
    const asked = await until('every answer', () => {
      const all = model.requests.filter(({ path }) => !path.includes('count_tokens'));
      return all.every(({ closedBy }) => closedBy !== null) && all;
    });
    const expected = asked.filter(({ rule }) => rule === 0).length;
    const sums = async () => {
      const calls = (await trial.world.ada.api.turn.usage.query({ session: trial.sessionId })).calls.slice(before);
      return [
        calls.length,
        calls.reduce((sum, call) => sum + call.inputTokens, 0),
        calls.reduce((sum, call) => sum + call.cacheReadTokens, 0),
        calls.reduce((sum, call) => sum + call.outputTokens, 0),
      ].join(' ');
    };
    const wanted = [
      asked.length,
      expected * counted.input,
      expected * counted.cacheRead,
      expected * counted.output,
    ].join(' ');
    await until('the records', async () => (await sums()) === wanted, 3_000).catch(() => null);
    return (await sums()) === wanted ? 'equal to the token' : `${await sums()} recorded of ${wanted}`;
  },
};

const resume: Behaviour = {
  name: 'resume after kill -9 of the runner',
  declared: ({ canResume }) => (canResume ? 'same conversation' : 'new conversation'),
  async observe(trial) {
    const { model, ada } = trial.world;
    const [one, two] = [`${trial.tag}one`, `${trial.tag}two`];
    model.play({
      rules: [
        { match: { contains: two }, steps: [{ text: 'second' }] },
        { match: { contains: one }, steps: [{ text: `remember ${one}` }] },
      ],
    });
    await trial.done(`Remember ${one}`);
    const { sessions } = await ada.api.session.processes.query();
    const runner = sessions.find(({ id }) => id === trial.sessionId)?.runner;
    if (!runner) throw new Error('no runner');
    process.kill(runner.pid, 'SIGKILL');
    await until('the interruption', async () => (await trial.view()).status === 'interrupted', 20_000);
    await ada.api.session.resume.mutate({ session: trial.sessionId });
    await trial.done(`Go on ${two}`);
    const isSame = trial.requests(two).some(({ body }) => {
      const { messages = [] } = body as { messages?: { role: string }[] };
      return messages.some(
        (message) => message.role === 'assistant' && JSON.stringify(message).includes(`remember ${one}`),
      );
    });
    return isSame ? 'same conversation' : 'new conversation';
  },
};

const tui: Behaviour = {
  name: 'terminal shows the same turn',
  declared: ({ tui: how }) => (how === 'none' ? 'no terminal' : 'shown'),
  async observe(trial) {
    const { model, ada } = trial.world;
    model.play({ rules: [{ match: { contains: trial.tag }, steps: [{ text: answer(trial) }] }] });
    await trial.done(`Show it, ${trial.tag}`);
    let terminal = (await trial.view()).terminals.find(({ closed }) => closed === null);
    if (!terminal && trial.face !== null) {
      await ada.api.turn.open.mutate({ session: trial.sessionId, agent: 'subject', harness: trial.face });
      terminal = await until('a terminal', async () =>
        (await trial.view()).terminals.find(({ closed }) => closed === null),
      );
    }
    if (!terminal) return 'no terminal';
    const { terminalId } = terminal;
    const isShown = async () => {
      const { lines } = await ada.api.terminal.screen.query({ session: trial.sessionId, terminalId });
      const text = lines.join('\n');
      return text.includes(`Show it, ${trial.tag}`) && text.includes(answer(trial));
    };
    const found = await until('the turn on the screen', isShown, 15_000).catch(() => false);
    if (trial.face !== null)
      await ada.api.turn.open.mutate({ session: trial.sessionId, agent: 'subject', harness: trial.harness });
    return found ? 'shown' : 'not shown';
  },
};

export const talk: Behaviour[] = [basic, streaming, reasoning, queue, usage, resume, tui, modelOverride];
