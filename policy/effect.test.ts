/** Which changes the facts of real commands exclude. The facts come from the command parser, on an imagined checkout. */
import { beforeAll, describe, expect, it } from 'vitest';
import { loadCommandParser } from '#facts/command-parser.ts';
import { type ActionFacts, noFacts } from '#protocol/action-facts.ts';
import type { CommandParser } from './command/index.ts';
import { expectationOf, type FoundChange, reactionOf, surprisesIn, surpriseText } from './effect.ts';
import type { FileView } from './file-view.ts';
import { overlay } from './overlay.ts';
import type { Policy } from './policy.ts';

const root = '/srv/checkout';
const base = `${root}/src`;
const nothing: FileView = { look: () => null, resolve: (path) => path, list: () => [] };
const files = overlay(nothing, [{ type: 'symlink', path: `${base}/link`, target: '../other/target.txt' }], base);

let parser: CommandParser;
beforeAll(async () => {
  parser = await loadCommandParser();
});

const factsOf = (command: string): ActionFacts =>
  parser.analyse(command, { cwd: base, base, home: '/home/ada', restricted: [], files });
const expectation = (facts: ActionFacts | null) => expectationOf(facts, { root, base, cwd: base, files });

let inodes = 1_000;
/** `+src/a.txt`, `~src/a.txt`, `-src/a.txt`; a folder ends with a slash. */
function change(text: string, inode = inodes++): FoundChange {
  const kinds = { '+': 'added', '~': 'modified', '-': 'deleted' } as const;
  const isFolder = text.endsWith('/');
  const path = `${root}/${text.slice(1, isFolder ? -1 : undefined)}`;
  return { path, change: kinds[text[0] as keyof typeof kinds], isFolder, inode };
}
const left = (command: string, ...changes: string[]): string[] =>
  surprisesIn(
    changes.map((each) => change(each)),
    [expectation(factsOf(command))],
    root,
  ).map(({ path }) => path.slice(root.length + 1));

describe('what facts exclude', () => {
  it('[EFF1] of what only reads nothing may change', () => {
    for (const command of ['sed -n 1,40p a.txt', 'ls', 'git status', 'cat a.txt | grep x', "bash -c 'cat a.txt'"]) {
      expect(left(command, '~src/a.txt'), command).toEqual(['src/a.txt']);
    }
  });

  it('[EFF1] what is named may change with everything below it, and nothing beside it', () => {
    const rows: [string, string[], string[]][] = [
      ['echo x | tee a.txt', ['~src/a.txt', '~src/b.txt'], ['src/b.txt']],
      ['echo x > a.txt', ['+src/a.txt', '+src/a.txt.sh'], ['src/a.txt.sh']],
      ['sed -i s/a/b/ a.txt', ['~src/a.txt', '~package.json'], ['package.json']],
      ['sed -i.bak s/a/b/ a.txt', ['~src/a.txt', '+src/a.txt.bak'], []],
      ['rm -r out', ['-src/out/', '-src/out/a', '-src/outer'], ['src/outer']],
      ['mkdir -p deep/er/est', ['+src/deep/', '+src/deep/er/', '+src/deep/er/est/'], []],
      ['mv a.txt ../b.txt', ['-src/a.txt', '+b.txt'], []],
      ['cd sub && rm c.txt', ['-src/sub/c.txt', '-src/c.md'], ['src/c.md']],
      ['rm *.log', ['-src/one.log', '-src/two.log', '-src/one.txt'], ['src/one.txt']],
      ['rm -r [ab]*', ['-src/a1/x', '-src/b', '-src/c'], []],
      ['touch sub/', ['+src/sub/'], []],
    ];
    for (const [command, changes, surprises] of rows) {
      expect(factsOf(command).unclear, command).toEqual([]);
      expect(left(command, ...changes), command).toEqual(surprises);
    }
  });

  it('[EFF1] a link that is removed or replaced is named by its own path', () => {
    expect(left('rm link', '-src/link', '-other/x.txt')).toEqual(['other/x.txt']);
    expect(left('ln -sf a.txt link', '~src/link')).toEqual([]);
    expect(left('echo x > link', '~other/target.txt')).toEqual([]);
  });

  it('[EFF2] where facts cannot name it all, anything in base_dir is expected, and nothing outside', () => {
    for (const command of [
      'npm test',
      'python3 -c "x"',
      './build.sh',
      'tar xf a.tar',
      'curl -O https://a.example/x',
      'cat $f',
    ]) {
      expect(left(command, '+src/dist/a.js', '-src/old', '~package.json'), command).toEqual(['package.json']);
    }
    const changes = [change('+src/a'), change('+b')];
    for (const facts of [null, { ...noFacts, unclear: ['odd'] }])
      expect(surprisesIn(changes, [expectation(facts)], root)).toEqual([changes[1]]);
  });

  it('[EFF2] git may change its whole repository and configuration; its hooks only who names them', () => {
    expect(left('git checkout other', '~package.json', '~src/a', '~.git/config')).toEqual([]);
    expect(left('git checkout other', '+.git/hooks/post-checkout')).toEqual(['.git/hooks/post-checkout']);
    expect(left('npm test', '~.git/config')).toEqual(['.git/config']);
    const wide = { paths: [root], patterns: [], folders: [root] };
    const hook = [change('+.git/hooks/pre-commit')];
    expect(surprisesIn(hook, [wide], root)).toEqual(hook);
    expect(surprisesIn(hook, [{ ...wide, paths: [`${root}/.git/hooks/pre-commit`] }], root)).toEqual([]);
  });

  it('[EFF3] commands that run together may change what any of them names', () => {
    const changes = [change('~src/a.txt'), change('~src/b.txt'), change('~src/c.txt')];
    const both = ['tee a.txt', 'tee b.txt'].map((command) => expectation(factsOf(command)));
    expect(surprisesIn(changes, both, root)).toEqual([changes[2]]);
    expect(surprisesIn(changes, [], root)).toEqual(changes);
  });

  it('[EFF1] another name of a file that may change is no surprise', () => {
    const changes = [change('+src/b.txt', 7), change('~src/a.txt', 7), change('~src/c.txt', 8)];
    expect(surprisesIn(changes, [expectation(factsOf('ln a.txt b.txt'))], root)).toEqual([changes[2]]);
  });

  it('[EFF1] a folder is named only where nothing in it is', () => {
    expect(left('ls', '+src/x/', '+src/x/y/', '+src/x/y/z', '+src/empty/')).toEqual(['src/x/y/z', 'src/empty']);
  });
});

it('[EFF1] thousands of words and changes are compared in time', () => {
  const words = Array.from({ length: 900 }, (_, n) => `*a*a*a*a*a*a${n}`).join(' ');
  const changes = Array.from({ length: 20_000 }, (_, n) => change(`+src/deep/er/${'a'.repeat(200)}${n}`));
  const facts = factsOf(`cd x; rm ${words} name-{1..3}`);
  const since = performance.now();
  surprisesIn(changes, [expectationOf({ ...facts, unclear: [] }, { root, base, cwd: base, files })], root);
  expect(performance.now() - since).toBeLessThan(2_000);
});

it('[EFF5] of several policies the strictest reaction counts', () => {
  const policies = (...all: Policy['onSurprise'][]) => all.map((onSurprise) => ({ onSurprise }) as Policy);
  expect(reactionOf([])).toBe('record');
  expect(reactionOf(policies('record', 'ask'))).toBe('ask');
  expect(reactionOf(policies('pause', 'ask', 'record'))).toBe('pause');
});

it('[EFF5] a surprise is said in one line, hidden characters visible', () => {
  const paths = [...'abcdefg'].map((name) => ({ path: `${name}\u202e\n`, change: 'added' as const }));
  const text = surpriseText({ agent: 'coder', paths, more: 3 });
  expect(text).toContain('coder changed what its command did not say: added a\\u202e\\u000a, ');
  expect(text).toMatch(/, 5 more$/);
});
