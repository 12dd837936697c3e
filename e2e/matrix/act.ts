/** Behaviours of acting: tools, and the gate before each of them, whatever the judge does. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Judge } from '#server/turn/index.ts';
import { recordingJudge } from '#server/turn/index.ts';
import { type Behaviour, must } from './behaviour.ts';
import type { Trial } from './trial.ts';
import { until } from './trial.ts';

const judgement = { rule: 'trial', reasons: [] as string[], policyHash: '', command: null as string | null };

const contentOf = (trial: Trial, name: string): Promise<string | null> =>
  readFile(join(trial.checkout, name), 'utf8').catch(() => null);

/** An agent may ask for a title first, and says in another message than a result that something was denied. */
const playedTimes = 2;

/** The model runs a command that writes `<tag>.txt`, then says that it is done. */
function playCommand(trial: Trial, command = `echo made > ${trial.tag}.txt`): void {
  trial.world.model.play({
    rules: [
      { match: { contains: trial.tag, hasToolResult: true }, steps: [{ text: 'done' }] },
      { match: { contains: trial.tag }, times: playedTimes, steps: [{ shell: command }] },
      { match: { contains: trial.tag }, steps: [{ text: 'done' }] },
    ],
  });
}

async function underJudge<T>(trial: Trial, judge: Judge, work: () => Promise<T>): Promise<T> {
  trial.world.judging.judge = judge;
  try {
    return await work();
  } finally {
    trial.world.judging.judge = recordingJudge;
  }
}

/** Runs the command under `judge`; what the file holds afterwards, and whether the model was told `word`. */
const tryCommand = (trial: Trial, judge: Judge, word: string) =>
  underJudge(trial, judge, async () => {
    playCommand(trial);
    await trial.done(`Run it, ${trial.tag}`);
    const isMade = (await contentOf(trial, `${trial.tag}.txt`)) !== null;
    const isTold = trial.requests(word).length > 0;
    return { isMade, isTold };
  });

const denied = ({ isMade, isTold }: { isMade: boolean; isTold: boolean }): string =>
  isMade ? 'acted all the same' : isTold ? 'denied' : 'denied, and the model was not told';

const toolCall = must('tool call', 'ran once', async (trial) => {
  playCommand(trial, `echo made >> ${trial.tag}.txt`);
  await trial.done(`Run it, ${trial.tag}`);
  const text = await contentOf(trial, `${trial.tag}.txt`);
  return text === 'made\n' ? 'ran once' : `the file holds ${JSON.stringify(text)}`;
});

const fileEdit = must('file edit', 'written and stated', async (trial) => {
  const path = `${trial.tag}.md`;
  trial.world.model.play({
    rules: [
      { match: { contains: trial.tag, hasToolResult: true }, steps: [{ text: 'done' }] },
      { match: { contains: trial.tag, hasToolResult: false }, steps: [{ write: { path, content: 'hello\n' } }] },
    ],
  });
  await trial.done(`Write it, ${trial.tag}`);
  const isWritten = (await contentOf(trial, path)) === 'hello\n';
  await trial.world.ada.api.turn.diff.query({ session: trial.sessionId });
  const isStated = (await trial.events()).some((event) => event.type === 'file.changed' && event.payload.path === path);
  return isWritten && isStated ? 'written and stated' : `written ${isWritten}, stated ${isStated}`;
});

const allow = must('gate: allow', 'acted', async (trial) => {
  const { isMade } = await tryCommand(trial, () => ({ ...judgement, verdict: 'allow' }), 'done');
  return isMade ? 'acted' : 'did not act';
});

const deny = must('gate: deny', 'denied', async (trial) => {
  const reason = `forbidden for ${trial.tag}`;
  return denied(await tryCommand(trial, () => ({ ...judgement, verdict: 'deny', reasons: [reason] }), reason));
});

const hold = must('gate: hold', 'waited, then acted', async (trial) => {
  const allowed = { ...judgement, verdict: 'allow' } as const;
  let isReleased = false;
  let release: () => void = () => undefined;
  // What is waited for is asked again when it is there, and then answers at once.
  const judge: Judge = () =>
    isReleased
      ? allowed
      : new Promise((resolve) => {
          release = () => resolve(allowed);
        });
  return underJudge(trial, judge, async () => {
    playCommand(trial);
    const turnId = await trial.ask(`Run it, ${trial.tag}`);
    await until('the question', async () => (await trial.view()).turns.actions.length > 0);
    await sleep(1_500);
    const isEarly = (await contentOf(trial, `${trial.tag}.txt`)) !== null;
    isReleased = true;
    release();
    await trial.ended(turnId);
    const isMade = (await contentOf(trial, `${trial.tag}.txt`)) !== null;
    return !isEarly && isMade ? 'waited, then acted' : `early ${isEarly}, made ${isMade}`;
  });
});

const edit: Behaviour = {
  name: 'gate: edit',
  declared: ({ canEdit }) => (canEdit ? 'ran as changed' : 'told what to run'),
  async observe(trial) {
    const command = `echo other > ${trial.tag}-other.txt`;
    const judge: Judge = ({ command: asked }) => ({
      ...judgement,
      verdict: 'allow',
      command: asked === null ? null : command,
    });
    const { isMade, isTold } = await tryCommand(trial, judge, command);
    const isOther = (await contentOf(trial, `${trial.tag}-other.txt`)) !== null;
    if (isMade) return 'ran unchanged';
    return isOther ? 'ran as changed' : isTold ? 'told what to run' : 'nothing';
  },
};

const vanish = must('gate: vanish', 'denied', async (trial) =>
  denied(await tryCommand(trial, () => new Promise(() => undefined), 'no verdict came')),
);

const garbage = must('gate: garbage', 'denied', async (trial) =>
  denied(await tryCommand(trial, () => ({ verdict: 'certainly' }) as never, 'did not give a usable answer')),
);

/** How each agent names reading a file. */
const readTools: Record<string, (path: string) => { name: string; input: Record<string, unknown> }> = {
  Read: (path) => ({ name: 'Read', input: { file_path: path } }),
  read: (path) => ({ name: 'read', input: { filePath: path, path } }),
};

const coverage: Behaviour = {
  name: 'gate: reach',
  declared: ({ gate }) => gate,
  async observe(trial) {
    const { model } = trial.world;
    const read = readTools[trial.harness.startsWith('acp') ? 'read' : 'Read'];
    const tool = read?.(join(trial.checkout, 'README.md')) ?? { name: 'Read', input: {} };
    model.play({
      rules: [
        { match: { contains: trial.tag, hasToolResult: true }, steps: [{ text: 'done' }] },
        { match: { contains: trial.tag, hasToolResult: false }, steps: [{ tool }] },
      ],
    });
    const judge: Judge = () => ({ ...judgement, verdict: 'deny', reasons: ['not even that'] });
    await underJudge(trial, judge, () => trial.done(`Read it, ${trial.tag}`));
    return trial.requests('# Sample').length > 0 ? 'agent-chosen' : 'every-action';
  },
};

export const act: Behaviour[] = [toolCall, fileEdit, allow, deny, hold, edit, vanish, garbage, coverage];
