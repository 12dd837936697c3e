/** Forbidden commands under the names, orders and tools that they come with. */
import { beforeAll, expect, it } from 'vitest';
import { loadCommandParser } from '#facts/command-parser.ts';
import { type CheckOptions, checkRow } from './check.ts';
import { noFiles } from './subject.ts';
import { cwd, policies } from './testing-policies.ts';

let options: CheckOptions;
beforeAll(async () => {
  const roots = { root: '/srv/project', home: '/home/ada' };
  options = { parser: await loadCommandParser(), policy: null, roots, files: noFiles, now: () => 0 };
});

const verdicts = (policy: string, inputs: readonly string[]) =>
  inputs.map((input) => {
    const row = JSON.stringify({ kind: 'command', cwd, policy: policies[policy], input });
    return [input, checkRow(row, options).result.verdict];
  });
const all = (inputs: readonly string[], verdict: string) => inputs.map((input) => [input, verdict]);

it('[POL23] the words of a forbidden command keep their order, and only options stand between, before and behind them', () => {
  const same = ['npm publish', 'npm --silent publish --tag x', 'npm -w a publish', 'npm publ', 'git -C . push -f'];
  expect(verdicts('custom', same)).toEqual(all(same, 'deny'));
  const others = ['npm run publish', 'git push origin main'];
  expect(verdicts('custom', others)).toEqual(all(others, 'ask'));
  const read = ['npm help publish', 'npm ls publish', 'git log --grep push'];
  expect(verdicts('custom', read)).toEqual(all(read, 'allow'));
});

it('[POL24] what a tool runs is judged as if it ran by itself, and text that tells it what to run is asked about', () => {
  const run = ['npx -c env', 'npm exec -- env', 'poetry run env', 'uv run env', 'cmake -E environment', 'env -S env'];
  expect(verdicts('unasked', run)).toEqual(all(run, 'deny'));
  const told = ["make --eval='x:;env' x", "make -f - <<< 'x:;env'", "ed x <<< '!env'", "sqlite3 x.db '.shell env'"];
  const set = ['git config core.pager env', 'npm config set script-shell env', 'git bisect view clean -fdx'];
  expect(verdicts('unasked', [...told, ...set])).toEqual(all([...told, ...set], 'ask'));
  const usual = [
    'npm test',
    'npx vite build',
    'make V=1 test',
    'python3 x.py < data.txt',
    'git config pull.rebase true',
  ];
  expect(verdicts('unasked', usual)).toEqual(all(usual, 'allow'));
});

it('[POL25] a version of a program and a module of an interpreter are the program; staging a file reads it', () => {
  const same = ['pip -q install x', 'pip3 install x', 'python3 -m pip install x', 'uv pip install x', 'npm i x'];
  expect(verdicts('tools', same)).toEqual(all(same, 'deny'));
  expect(verdicts('custom', ['git add .', 'git add a.pem'])).toEqual([
    ['git add .', 'ask'],
    ['git add a.pem', 'deny'],
  ]);
});

it('[POL28] a loop over words that are known is walked with each of them, and asked about where they are not', () => {
  const read = ['for f in *.ts; do head -1 "$f"; done', 'for d in a b; do ls $d; done'];
  expect(verdicts('sample', read)).toEqual(all(read, 'allow'));
  const bad = ['for f in a ../../config/secrets.json; do cat "$f"; done', 'for c in ls env; do $c; done'];
  expect(verdicts('sample', bad)).toEqual(all(bad, 'deny'));
  const unknown = [
    'for f in a; do read f; cat "$f"; done',
    'select f in a; do cat "$f"; done',
    'for f in *; do cat $f; done',
  ];
  expect(verdicts('sample', unknown)).toEqual(all(unknown, 'ask'));
});

it('[POL29] what find, git ls-files and searches name for another program is everything below where they look', () => {
  const read = [
    "find . -name '*.ts' -exec wc -l {} +",
    'git ls-files | grep -v x | xargs head',
    'rg -l x | xargs -0 cat',
  ];
  expect(verdicts('sample', read)).toEqual(all(read, 'allow'));
  const asked = [
    "find . -name '.env' | xargs cat",
    'find ../../config | xargs cat',
    "find . -printf '/etc/x' | xargs cat",
  ];
  expect(verdicts('sample', asked)).toEqual(all(asked, 'ask'));
  expect(verdicts('sample', ['find / | xargs rm -rf'])).toEqual([['find / | xargs rm -rf', 'deny']]);
});

it('[POL30] a redirection belongs to the last command before it, in the folder that this one runs in', () => {
  const bad = [
    'cd ../../config && cat < secrets.json',
    'cd ../../config && ls > secrets.json',
    'echo ls | bash <<< env',
  ];
  expect(verdicts('sample', bad)).toEqual(all(bad, 'deny'));
  const read = ['cd orders && cat < app.ts', 'ls | wc -l > /dev/null 2>&1'];
  expect(verdicts('sample', read)).toEqual(all(read, 'allow'));
});
