/** Behaviours of stopping and steering: what a person does to a turn that runs. */
import { dirname } from 'node:path';
import { describeProcesses, processesOf } from '../process-scan.ts';
import { type Behaviour, must } from './behaviour.ts';
import { isRunning, type Trial, until } from './trial.ts';

/** A program that goes on for ever, by a command line that no other has. Agents refuse a long `sleep`. */
const endless = (trial: Trial): string => `tail -f -s ${trial.tag.replace(/\D/g, '').slice(0, 9)} /dev/null`;

function playProgram(trial: Trial, command: string): void {
  trial.world.model.play({
    rules: [
      { match: { contains: trial.tag, hasToolResult: true }, steps: [{ text: 'done' }] },
      { match: { contains: trial.tag, hasToolResult: false }, steps: [{ shell: command }] },
    ],
  });
}

/** The session takes another prompt. */
async function isUsable(trial: Trial): Promise<boolean> {
  trial.world.model.play({ rules: [{ match: {}, steps: [{ text: 'here' }] }] });
  await trial.done('Are you there?');
  return true;
}

const interruptText = must('interrupt in text', 'cut, and usable', async (trial) => {
  const { model, ada } = trial.world;
  const gate = `gate-${trial.tag}`;
  model.play({ rules: [{ match: { contains: trial.tag }, steps: [{ text: 'begin ' }, { gate }, { text: 'end' }] }] });
  const turnId = await trial.ask(`Talk, ${trial.tag}`);
  await until('the gate', () => trial.requests(trial.tag).some(({ bytesSent }) => bytesSent > 0));
  await until('the running turn', async () => (await trial.view()).turns.turn?.turnId === turnId);
  await ada.api.turn.interrupt.mutate({ session: trial.sessionId });
  const { status } = await trial.ended(turnId);
  const isCut = await until(
    'the end of the call',
    () => trial.requests(trial.tag).some(({ closedBy }) => closedBy === 'client'),
    10_000,
  ).catch(() => false);
  return status === 'interrupted' && isCut && (await isUsable(trial))
    ? 'cut, and usable'
    : `turn ${status}, call cut ${isCut}`;
});

const interruptTool = must('interrupt in tool', 'killed, and usable', async (trial) => {
  const { ada } = trial.world;
  const command = endless(trial);
  playProgram(trial, command);
  const turnId = await trial.ask(`Go on, ${trial.tag}`);
  await until('the program', () => isRunning(command));
  await ada.api.turn.interrupt.mutate({ session: trial.sessionId });
  const { status } = await trial.ended(turnId);
  const isGone = await until('its end', async () => !(await isRunning(command)), 10_000).catch(() => false);
  return status === 'interrupted' && isGone && (await isUsable(trial))
    ? 'killed, and usable'
    : `turn ${status}, gone ${isGone}`;
});

const steer: Behaviour = {
  name: 'steer',
  declared: ({ canSteer }) => (canSteer ? 'in the same turn' : 'refused'),
  async observe(trial) {
    const { ada } = trial.world;
    const [command, word] = [`sleep 1.${process.pid}`, `steer-${trial.tag}`];
    playProgram(trial, command);
    const turnId = await trial.ask(`Go on, ${trial.tag}`);
    await until('the program', () => isRunning(command));
    const isTaken = await ada.api.turn.steer.mutate({ session: trial.sessionId, text: `also ${word}` }).then(
      () => true,
      () => false,
    );
    await trial.ended(turnId);
    const isHeard = trial.requests(word).length > 0;
    if (!isTaken) return isHeard ? 'refused, and heard' : 'refused';
    return isHeard ? 'in the same turn' : 'not heard';
  },
};

const stopped = must('process tree after stop', 'gone', async (trial) => {
  const { ada } = trial.world;
  const command = endless(trial);
  playProgram(trial, command);
  await trial.ask(`Go on, ${trial.tag}`);
  await until('the program', () => isRunning(command));
  await ada.api.session.stop.mutate({ session: trial.sessionId });
  const folder = dirname(trial.checkout);
  await until('the end of all', async () => (await processesOf(folder)).length === 0, 10_000).catch(() => null);
  const left = await processesOf(folder);
  const isThere = await isRunning(command);
  return left.length === 0 && !isThere ? 'gone' : `left: ${describeProcesses(left)}`;
});

export const stop: Behaviour[] = [interruptText, interruptTool, steer, stopped];
