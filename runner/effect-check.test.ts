/** Commands that the test plays on real files: what of their doing is a surprise. Facts come from the real parser. */
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ActionFacts } from '#protocol/action-facts.ts';
import type { EventPayload, NewEvent } from '#protocol/event.ts';
import { type ActionId, type ItemId, newId, type TurnId } from '#protocol/id.ts';
import { maxSurprisePaths } from '#protocol/turn-event.ts';
import { ActionFactsMaker } from './action-facts.ts';
import { EffectCheck } from './effect-check.ts';
import { noSandbox } from './sandbox/index.ts';

const ids = { now: () => Date.now(), random: (bytes: Uint8Array) => void crypto.getRandomValues(bytes) };
const maker = new ActionFactsMaker({ policy: null, sandbox: noSandbox('process-group', { HOME: '/home/ada' }) });
const turnId = newId('turn', ids);

let root: string;
let base: string;
let stated: EventPayload<'effect.surprised'>[];
let check: EffectCheck;
/** What the clock is ahead by, ms. */
let ahead: number;

beforeAll(() => maker.prepare());
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'effect-check-'));
  base = join(root, 'src');
  mkdirSync(join(root, '.git/hooks'), { recursive: true });
  mkdirSync(join(base, 'sub'), { recursive: true });
  for (const file of ['package.json', 'src/a.txt', 'src/b.txt', 'src/sub/c.txt', '.git/config'])
    writeFileSync(join(root, file), 'before\n');
  maker.enter({ root, start: base });
  stated = [];
  ahead = 0;
  check = new EffectCheck({
    state: ({ payload }) => void stated.push(payload as EventPayload<'effect.surprised'>),
    factsOf: (action) => maker.of(action),
    now: () => Date.now() + ahead,
    log: (line) => {
      throw new Error(line);
    },
  });
  check.enter({ root, start: base });
  check.prepare();
  await moment();
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** What was done until now is older than what is done next, by the clock of the files. */
const moment = () => new Promise((resolve) => setTimeout(resolve, 50));

interface Running {
  actionId: ActionId;
  itemId: ItemId;
}

/** An action is stated and let through; `replaced`: another command runs in its place. */
async function begin(
  command: string,
  more: { replaced?: string; kind?: 'write' | 'read'; paths?: string[] } = {},
): Promise<Running> {
  const { kind = 'command', paths = [], replaced } = more;
  const [actionId, itemId] = [newId('action', ids), newId('item', ids)];
  const subject = { kind, command: kind === 'command' ? command : null, paths, cwd: base } as const;
  const facts: ActionFacts = await maker.of(subject);
  note('action.requested', { ...subject, actionId, itemId, turnId, agent: 'coder', tool: 'shell', facts });
  if (replaced !== undefined) check.replaced(actionId, replaced);
  note('action.acted', { actionId, outcome: 'ran' });
  return { actionId, itemId };
}

const note = (type: string, payload: object) => check.note({ type, payload } as Pick<NewEvent, 'type' | 'payload'>);
const end = ({ itemId }: Running) => note('item.completed', { itemId, turnId });

/** What surprised, once everything that is over was looked at: `~src/a.txt`. */
async function surprises(): Promise<string[]> {
  await check.settled();
  const signs = { added: '+', modified: '~', deleted: '-' };
  return stated.splice(0).flatMap(({ paths }) => paths.map(({ path, change }) => `${signs[change]}${path}`));
}

async function run(command: string, work: () => void, more: Parameters<typeof begin>[1] = {}): Promise<string[]> {
  const running = await begin(command, more);
  work();
  end(running);
  return surprises();
}

const write = (path: string) => () => writeFileSync(join(root, path), 'after\n');

describe('effects of commands', () => {
  it('[EFF1] a command that does what it says surprises nobody', async () => {
    expect(await run('tee a.txt', write('src/a.txt'))).toEqual([]);
    expect(await run('sed -n 1,9p a.txt', () => undefined)).toEqual([]);
    expect(await run('rm -r sub', () => rmSync(join(base, 'sub'), { recursive: true }))).toEqual([]);
    expect(await run('mkdir -p x/y', () => mkdirSync(join(base, 'x/y'), { recursive: true }))).toEqual([]);
    expect(await run('', write('src/new.txt'), { kind: 'write', paths: ['new.txt'] })).toEqual([]);
  });

  it('[EFF1] what it does beside that is stated with its action, turn and agent', async () => {
    const running = await begin('sed -n 1,9p a.txt');
    write('src/a.txt')();
    unlinkSync(join(base, 'b.txt'));
    chmodSync(join(root, 'package.json'), 0o755);
    symlinkSync('/etc', join(base, 'etc'));
    renameSync(join(base, 'sub'), join(base, 'bus'));
    mkdirSync(join(base, 'empty'));
    end(running);
    await check.settled();
    expect(stated).toMatchObject([{ actionId: running.actionId, turnId, agent: 'coder', more: 0, shared: false }]);
    expect((await surprises()).sort()).toEqual(
      [
        '+src/bus/c.txt',
        '+src/empty/',
        '+src/etc',
        '-src/b.txt',
        '-src/sub/c.txt',
        '~package.json',
        '~src/a.txt',
      ].sort(),
    );
  });

  it('[EFF1] a tool for files that writes another one is found, one that reads is not looked at', async () => {
    expect(await run('', write('package.json'), { kind: 'write', paths: ['a.txt'] })).toEqual(['~package.json']);
    expect(await run('', write('package.json'), { kind: 'read', paths: ['a.txt'] })).toEqual([]);
    await moment();
    // Nor is it blamed on who comes next.
    expect(await run('ls', () => undefined)).toEqual([]);
  });

  it('[EFF2] a program that nobody knows may change what is in base_dir, and nothing outside or in hooks', async () => {
    expect(await run('./build.sh', write('src/made.txt'))).toEqual([]);
    expect(await run('python3 -c "x"', write('outside.txt'))).toEqual(['+outside.txt']);
    expect(await run('npm test', write('.git/hooks/pre-commit'))).toEqual(['+.git/hooks/pre-commit']);
    expect(await run('git commit -m x', write('.git/config'))).toEqual([]);
  });

  it('[EFF3] commands that overlap share a window, and it closes with the last', async () => {
    const [one, two] = [await begin('tee a.txt'), await begin('cat b.txt')];
    write('src/a.txt')();
    end(one);
    write('src/b.txt')();
    await check.settled();
    expect(stated).toEqual([]);
    end(two);
    await check.settled();
    expect(stated).toMatchObject([{ paths: [{ path: 'src/b.txt', change: 'modified' }] }]);
  });

  it('[EFF3] a command ends with its turn, and what is done between commands is nobody’s', async () => {
    const running = await begin('ls');
    write('src/a.txt')();
    note('turn.completed', { turnId: newId('turn', ids) as TurnId });
    expect(await surprises()).toEqual([]);
    note('turn.completed', { turnId });
    expect(await surprises()).toEqual(['~src/a.txt']);
    end(running);
    write('src/b.txt')();
    await moment();
    expect(await run('ls', () => undefined)).toEqual([]);
  });

  it('[EFF3] while a person types in a shell nothing is blamed on the command', async () => {
    const running = await begin('ls');
    check.typed();
    write('src/a.txt')();
    end(running);
    await check.settled();
    expect(stated.splice(0)).toMatchObject([{ shared: true }]);
    ahead = -60_000;
    check.typed();
    ahead = 0;
    const alone = await begin('ls');
    write('src/a.txt')();
    end(alone);
    await check.settled();
    expect(stated.splice(0)).toMatchObject([{ shared: false }]);
    check.typed();
    const soon = await begin('ls');
    write('src/b.txt')();
    end(soon);
    await check.settled();
    expect(stated).toMatchObject([{ shared: true, paths: [{ path: 'src/b.txt' }] }]);
  });

  it('[EFF3] what is gone since a person typed may have gone then', async () => {
    expect(await run('tee a.txt', write('src/a.txt'))).toEqual([]);
    ahead = -60_000;
    check.typed();
    ahead = 0;
    const running = await begin('tee a.txt');
    write('src/new.txt')();
    unlinkSync(join(base, 'b.txt'));
    end(running);
    await check.settled();
    expect(stated).toMatchObject([{ shared: true }]);
  });

  it('[EFF1] what runs in place of a command is held against its own facts', async () => {
    expect(await run('tee a.txt', write('src/a.txt'), { replaced: 'tee b.txt' })).toEqual(['~src/a.txt']);
    expect(await run('tee a.txt', write('src/b.txt'), { replaced: 'tee b.txt' })).toEqual([]);
  });

  it('[EFF1] one that was not let through is not looked at', async () => {
    const actionId = newId('action', ids);
    const asked = { kind: 'command', command: 'ls', paths: [], cwd: base, facts: null, itemId: null };
    note('action.requested', { ...asked, actionId, turnId, agent: 'coder', tool: 'shell' });
    note('action.acted', { actionId, outcome: 'blocked' });
    write('src/a.txt')();
    note('turn.completed', { turnId });
    expect(await surprises()).toEqual([]);
  });

  it('[EFF4] many paths are cut, and the others counted', async () => {
    await run('ls', () => {
      for (let n = 0; n < maxSurprisePaths + 7; n++) write(`src/f${n}`)();
    }).then((paths) => expect(paths).toHaveLength(maxSurprisePaths));
    const running = await begin('ls');
    for (let n = 0; n < maxSurprisePaths + 7; n++) write(`src/f${n}`)();
    end(running);
    await check.settled();
    expect(stated).toMatchObject([{ more: 7 }]);
  });
});
