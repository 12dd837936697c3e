/** Facts of agents' actions, on real files. */
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { actionFactsSchema, noFacts } from '#protocol/action-facts.ts';
import { ActionFactsMaker, type Subject } from './action-facts.ts';

let root: string;
let maker: ActionFactsMaker;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'facts-')));
  maker = new ActionFactsMaker({ policy: null, home: '/home/ada' });
  maker.enter({ root, start: root });
  await maker.prepare();
});
afterEach(() => rm(root, { recursive: true }));

const factsOf = (command: string, more: Partial<Subject> = {}) =>
  maker.of({ kind: 'command', command, paths: [], cwd: root, ...more });

describe('facts of a command', () => {
  it('[GATE9] are unclear where its harness does not know for sure what it does', async () => {
    expect(await factsOf('ls')).toMatchObject({ unclear: [] });
    const facts = await factsOf('ls', { unclear: 'where it runs is not said' });
    expect(facts).toMatchObject({ unclear: ['where it runs is not said'], commands: [{ program: 'ls' }] });
  });

  it('[GATE10] of more words than can be kept are those that can, and unclear', async () => {
    const facts = await factsOf(`rm -rf / ${'x '.repeat(5_000)}`);
    expect(actionFactsSchema.safeParse(facts).success).toBe(true);
    expect(facts.commands[0]?.argv.slice(0, 3)).toEqual(['rm', '-rf', '/']);
    expect(facts.unclear).toContain('it gives a program too many words to look at each');
  });

  it('[GATE10] that do not fit into the log are unclear', async () => {
    const facts = await factsOf(`curl -X ${'A'.repeat(60)} http://example.com`);
    expect(facts).toEqual({ ...noFacts, unclear: ['there is more of it than can be looked at'] });
  });
});
