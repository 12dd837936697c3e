/** Facts of agents' actions, on real files. */
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { realFiles } from '#facts/file-view.ts';
import { actionFactsSchema, noFacts } from '#protocol/action-facts.ts';
import { ActionFactsMaker, type Subject } from './action-facts.ts';
import { noSandbox } from './sandbox/index.ts';

let root: string;
let maker: ActionFactsMaker;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'facts-')));
  maker = new ActionFactsMaker({ policy: null, sandbox: noSandbox('process-group', { HOME: '/home/ada' }) });
  maker.enter({ root, start: root });
  await maker.prepare();
});
afterEach(() => rm(root, { recursive: true }));

const factsOf = (command: string, more: Partial<Subject> = {}) =>
  maker.of({ kind: 'command', command, paths: [], cwd: root, ...more });

describe('facts of a tool that asks an address', () => {
  const network = (request?: Subject['request']) =>
    maker.of({ kind: 'network', command: null, paths: [], cwd: root, request });

  it('[RUL14] are its host and method', async () => {
    const request = { method: 'GET', url: 'https://Docs.example.com/x?q=1' };
    expect(await network(request)).toEqual({ ...noFacts, hosts: ['docs.example.com'], requests: [request] });
  });

  it('[RUL14] are unclear where it is not said', async () => {
    const unclear = { ...noFacts, hosts: ['*'], unclear: ['which address it asks is not said'] };
    expect([await network(), await network({ method: 'GET', url: 'https://' })]).toEqual([unclear, unclear]);
  });
});

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

describe('a long command', () => {
  const word = (n: number) => `f${n.toString(36)}`;
  const words = (count: number, of = word) => Array.from({ length: count }, (_, n) => of(n)).join(' ');

  it('[GATE12] costs no look at the disk beyond its first thousand paths', async () => {
    const looks = vi.spyOn(realFiles, 'look');
    for (const command of [`touch ${words(8_000)}`, `cp ${words(8_000)} out`, `grep -r x ${words(8_000)}`]) {
      looks.mockClear();
      const facts = await factsOf(command);
      expect(facts.paths).toHaveLength(1_000);
      expect(facts.unclear).toContain('it names too many files to look at each');
      expect(Math.abs(looks.mock.calls.length - 2_000)).toBeLessThan(1_500);
    }
  });

  it('[GATE12] holds its patterns against a bounded number of names, and looks into each folder once', async () => {
    await Promise.all(Array.from({ length: 300 }, (_, n) => writeFile(join(root, word(n)), '')));
    const lists = vi.spyOn(realFiles, 'list');
    const facts = await factsOf(`cat ${words(900, (n) => `*${n}`)}`);
    expect(facts.unclear).toHaveLength(50);
    expect(facts.unclear.at(-1)).toMatch(/: its folders hold too many files$/);
    expect(lists.mock.calls).toEqual([[root]]);
  });

  it.each([
    ['words', (n: number) => `echo ${words(n)}`],
    ['commands', (n: number) => words(n, (at) => `cd a${at};`)],
    ['quotes', (n: number) => `echo ${words(n, (at) => `"f${at}"`)}`],
    ['substitutions', (n: number) => `echo ${words(n, () => '$(a)')}`],
  ])('[GATE12] of four times as many %s takes no more than some times as long', async (_, make) => {
    /** The least of several, in µs: the rest is somebody else's. */
    const cost = async (count: number) => {
      let least = Number.POSITIVE_INFINITY;
      for (let n = 0; n < 4; n++) {
        const since = process.cpuUsage();
        await factsOf(make(count));
        least = Math.min(least, process.cpuUsage(since).user);
      }
      return least;
    };
    const many = await cost(2_000);
    // Sixteen times would be quadratic.
    expect(many).toBeLessThan(10 * (await cost(500)) + 30_000);
  });
});
