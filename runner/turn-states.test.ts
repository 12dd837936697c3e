/** In which states turns began, on real repositories; runners come and go as objects on the same folder. */
import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newId, type TurnId } from '#protocol/id.ts';
import { Snapshots } from './checkout/snapshot.ts';
import { TurnStates } from './turn-states.ts';

const ids = { now: () => Date.now(), random: (bytes: Uint8Array) => void crypto.getRandomValues(bytes) };
const afterWait = 30_000;

let directory: string;
let root: string;
let lines: string[];
const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.com', ...args], {
    cwd: root,
    encoding: 'utf8',
  }).trim();
const write = (path: string, text: string) => writeFile(join(root, path), text);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'omnigent-states-'));
  root = join(directory, 'checkout');
  lines = [];
  execFileSync('git', ['init', '-q', root]);
  await write('a', 'a\n');
  await write('b', 'b\n');
  git('add', '-A');
  git('commit', '-qm', 'first');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const open = (isNew = false) =>
  new TurnStates({
    checkout: { root, baseCommit: git('rev-list', '--max-parents=0', 'HEAD') },
    ...{ isNew, directory, log: (line) => void lines.push(line) },
  });

/** One turn from its beginning to its end, and what it is said to have changed. */
async function turn(states: TurnStates, work: () => Promise<unknown>): Promise<{ turnId: TurnId; changed: string[] }> {
  const turnId = newId('turn', ids);
  states.began(turnId);
  await states.whenRead();
  await work();
  return { turnId, changed: (await states.ended(turnId)).map(({ path, change }) => `${change} ${path}`) };
}
const against = async (states: TurnStates, turnId: TurnId | null) =>
  (await states.diff(turnId)).files.map(
    ({ path, change, added, removed }) => `${change} ${path} +${added} -${removed}`,
  );

it('[TRN13] what a turn and those after it did is shown, and nothing from before', async () => {
  const states = open(true);
  const one = await turn(states, () => write('one', '1\n'));
  const two = await turn(states, () => write('a', 'a\ntwo\n'));
  const three = await turn(states, () => rm(join(root, 'b')));
  expect([one.changed, two.changed, three.changed]).toEqual([['added one'], ['modified a'], ['deleted b']]);
  expect(await against(states, three.turnId)).toEqual(['deleted b +0 -1']);
  expect(await against(states, two.turnId)).toEqual(['modified a +1 -0', 'deleted b +0 -1']);
  expect(await against(states, one.turnId)).toEqual(await against(states, null));
  await write('a', 'a\n');
  expect(await against(states, two.turnId)).toEqual(['deleted b +0 -1']);
});

it('[TRN13] what a person edits between two turns belongs to the later one', async () => {
  const states = open(true);
  const one = await turn(states, () => write('one', '1\n'));
  await states.whenRead();
  await write('by hand', 'x\n');
  const two = await turn(states, () => write('two', '2\n'));
  await write('afterwards', 'y\n');
  const three = await turn(states, async () => undefined);
  expect(await against(states, three.turnId)).toEqual(['added afterwards +1 -0']);
  expect(await against(states, two.turnId)).toEqual([
    'added afterwards +1 -0',
    'added by hand +1 -0',
    'added two +1 -0',
  ]);
  expect(await against(states, one.turnId)).toContain('added one +1 -0');
});

it('[TRN13] a later runner knows the states, and that between two turns although files were edited meanwhile', async () => {
  const states = open(true);
  await turn(states, () => write('one', '1\n'));
  const two = await turn(states, () => write('two', '2\n'));
  await states.settled(afterWait);
  await write('by hand', 'x\n');
  const later = open();
  const three = await turn(later, () => write('three', '3\n'));
  expect(await against(later, three.turnId)).toEqual(['added by hand +1 -0', 'added three +1 -0']);
  expect(await against(later, two.turnId)).toContain('added two +1 -0');
});

it('[TRN13] after a kill in the middle of a turn the next one begins where its runner found the checkout', async () => {
  const states = open(true);
  await turn(states, () => write('one', '1\n'));
  const cut = newId('turn', ids);
  states.began(cut);
  await states.settled(afterWait);
  await write('cut', 'c\n');
  const later = open();
  const three = await turn(later, () => write('three', '3\n'));
  expect(await against(later, three.turnId)).toEqual(['added three +1 -0']);
  expect(await against(later, cut)).toEqual(['added cut +1 -0', 'added three +1 -0']);
});

it('[TRN14] a turn that begins while the state before it is read may not write before, and is not blamed for it', async () => {
  const states = open(true);
  await turn(states, () => write('one', '1\n'));
  const [two, three] = [newId('turn', ids), newId('turn', ids)];
  states.began(two);
  await states.whenRead();
  await write('two', '2\n');
  // Ends and begins in one moment, as with a queue.
  const ended = states.ended(two);
  states.began(three);
  await states.whenRead();
  await write('three', '3\n');
  await ended;
  expect(await against(states, three)).toEqual(['added three +1 -0']);
});

it('[TRN14] a turn whose runner was killed before its state was kept is said to have none', async () => {
  const states = open(true);
  await turn(states, () => write('one', '1\n'));
  await states.settled(afterWait);
  const two = newId('turn', ids);
  // What a kill at once after the beginning leaves.
  await appendFile(join(directory, 'turns', 'turns.jsonl'), `${JSON.stringify({ began: two })}\n{"turn":"${two}","tr`);
  const later = open();
  await expect(later.diff(two)).rejects.toMatchObject({
    code: 'checkout.failed',
    message: expect.stringMatching(/^against: .*was not kept.*--against base/),
  });
  const three = await turn(later, () => write('three', '3\n'));
  expect(await against(later, three.turnId)).toEqual(['added three +1 -0']);
  await later.settled(afterWait);
  expect(await against(open(), three.turnId)).toEqual(['added three +1 -0']);
});

it('[TRN14] a checkout from before there were states begins with the one it is found in', async () => {
  await write('earlier', 'e\n');
  const states = open();
  const one = await turn(states, () => write('one', '1\n'));
  expect(await against(states, one.turnId)).toEqual(['added one +1 -0']);
});

it('[TRN14] a state that could not be stored is said to be missing, and later ones are there', async () => {
  const states = open(true);
  const one = await turn(states, () => write('one', '1\n'));
  await states.settled(afterWait);
  const pack = join(directory, 'turns', 'objects', 'pack');
  await rm(pack, { recursive: true });
  await writeFile(pack, 'in the way');
  await turn(states, () => write('two', '2\n'));
  const three = await turn(states, () => write('three', '3\n'));
  await expect(states.diff(three.turnId)).rejects.toMatchObject({
    message: expect.stringContaining('could not be stored'),
  });
  expect(await against(states, one.turnId)).toEqual(['added one +1 -0', 'added three +1 -0', 'added two +1 -0']);
  await rm(pack);
  await mkdir(pack);
  await turn(states, () => write('four', '4\n'));
  const five = await turn(states, () => write('five', '5\n'));
  expect(await against(states, five.turnId)).toEqual(['added five +1 -0']);
});

it('[TRN14] what would write waits 5 s at most for a reading that hangs, and the state is said to be unknown', {
  timeout: 20_000,
}, async () => {
  const states = open(true);
  await turn(states, () => write('one', '1\n'));
  const { take } = Snapshots.prototype;
  let release = (): void => undefined;
  Snapshots.prototype.take = async function slow(this: Snapshots) {
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    return take.call(this);
  };
  try {
    const [two, three] = [newId('turn', ids), newId('turn', ids)];
    states.began(two);
    const ended = states.ended(two);
    states.began(three);
    const since = performance.now();
    await states.whenRead();
    expect(performance.now() - since).toBeGreaterThan(4_000);
    await write('three', '3\n');
    Snapshots.prototype.take = take;
    release();
    await ended;
    await expect(states.diff(three)).rejects.toMatchObject({ message: expect.stringContaining('longer than 5 s') });
  } finally {
    Snapshots.prototype.take = take;
  }
});

it('[TRN14] nothing is written where nothing changed, and the checkout is left as it is', async () => {
  const states = open(true);
  await turn(states, () => write('one', '1\n'));
  await states.settled(afterWait);
  const before = [git('for-each-ref'), (await readFile(join(root, '.git', 'index'))).toString('base64')];
  const packs = await readdir(join(directory, 'turns', 'objects', 'pack'));
  await turn(states, async () => undefined);
  await turn(states, async () => undefined);
  await states.settled(afterWait);
  expect(await readdir(join(directory, 'turns', 'objects', 'pack'))).toEqual(packs);
  expect([git('for-each-ref'), (await readFile(join(root, '.git', 'index'))).toString('base64')]).toEqual(before);
  expect(lines).toEqual([]);
});
