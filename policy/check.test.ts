/** Rows of imagined actions, everyday commands and attacks, through what `policy check` runs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { loadCommandParser } from '#facts/command-parser.ts';
import { realFiles } from '#facts/file-view.ts';
import { type CheckOptions, type CheckResult, checkRow } from './check.ts';
import { cwd, policies } from './testing-policies.ts';

const lines = (name: string): unknown[] =>
  readFileSync(join(import.meta.dirname, 'testing', name), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

let options: CheckOptions;
beforeAll(async () => {
  const parser = await loadCommandParser();
  options = {
    parser,
    policy: null,
    roots: { root: '/srv/project', home: '/home/ada' },
    files: realFiles,
    now: () => performance.now(),
  };
});

const check = (row: Record<string, unknown>): CheckResult => {
  const { policy = 'sample', ...rest } = row;
  return checkRow(JSON.stringify({ cwd, policy: policies[String(policy)], ...rest }), options).result;
};
const command = (input: unknown) => check({ kind: 'command', input });

interface Row extends Record<string, unknown> {
  accept: string[];
  alert?: boolean;
}

it('[POL2] rows of every kind get a verdict that is right for them', () => {
  const wrong = (lines('rows.jsonl') as Row[]).flatMap(({ accept, alert, ...row }) => {
    const { verdict, rule, reasons, alert: isAlert } = check(row);
    const isRight = accept.includes(verdict) && (alert === undefined || alert === isAlert);
    return isRight ? [] : [`${row.policy} ${JSON.stringify(row.input)}: ${verdict}, ${rule}, ${reasons[0]}`];
  });
  expect(wrong).toEqual([]);
});

it('[POL3] no spelling of what is forbidden or restricted is allowed', () => {
  const allowed = lines('attacks.jsonl').filter((input) => command(input).verdict === 'allow');
  expect(allowed).toEqual([]);
});

it('[POL4] none of the everyday commands that only read is denied, and hardly one is asked about', () => {
  const judged = lines('everyday.jsonl').map((input) => ({ input, ...command(input) }));
  expect(judged.filter(({ verdict }) => verdict === 'deny')).toEqual([]);
  const asked = judged.filter(({ verdict }) => verdict === 'ask').map(({ input }) => input);
  expect(asked.length / judged.length, JSON.stringify(asked)).toBeLessThan(0.05);
});

it('[POL5] a row that is none is denied and said to be malformed, and the others are judged', () => {
  const bad = [
    'nonsense',
    '[]',
    '{"kind":"command"}',
    '{"kind":"path","input":{"op":"chew","path":"x"}}',
    '{"kind":"budget","input":{"next_call_usd":-1}}',
  ];
  for (const line of bad) {
    expect(checkRow(line, options), line).toMatchObject({
      isValid: false,
      result: { verdict: 'deny', rule: 'input.invalid' },
    });
  }
  expect(checkRow('{"id":"a","kind":"command","input":"ls"}', options).result).toMatchObject({
    id: 'a',
    reasons: [expect.stringContaining('policy')],
  });
});

it('[POL6] a verdict names its rule, the facts and the policy', () => {
  expect(command('nohup env | cat a.txt')).toMatchObject({
    ...{
      verdict: 'deny',
      rule: 'security_guardrails.forbidden_commands[1]',
      policyHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    },
    facts: {
      commands: [
        { program: 'nohup', effect: 'execute' },
        { program: 'env', via: ['nohup'] },
        { program: 'cat', argv: ['cat', 'a.txt'], effect: 'read' },
      ],
      paths: [{ path: 'a.txt', real: `${cwd}/a.txt`, effect: 'read', restricted: false }],
    },
  });
  expect(command('cat ../../config/secrets.json').rule).toBe('security_guardrails.restricted_paths[0]');
  expect(command('touch a').rule).toBe('security_guardrails.require_human_approval_on_mutation');
  expect(command('frobnicate').rule).toBe('default.unknown-program');
  expect(command('ls').rule).toBe('default.read-only');
  // Where it asks, every rule that does.
  const mutation = 'security_guardrails.require_human_approval_on_mutation';
  expect(command('touch a')).toMatchObject({ rules: [mutation] });
  for (const [text, ...others] of [
    ['touch ../../../etc/cron.d/x', 'default.outside-base'],
    ['echo x >> .env', 'default.secret'],
    ['touch a; cat $x', 'default.unclear'],
    ['rm -rf ../other', 'default.outside-base'],
  ])
    expect(command(text)).toMatchObject({ rule: mutation, rules: [mutation, ...others] });
  expect(command('npm test; cat ~/.ssh/id_rsa')).toMatchObject({
    ...{ rule: 'default.executes', rules: ['default.executes', 'default.outside-base', 'default.secret'] },
  });
  expect(command('ls')).not.toHaveProperty('rules');
  expect(check({ policy: 'offline', kind: 'command', input: 'curl https://example.com' }).rule).toBe(
    'workspace.allow_network_access',
  );
});

it('[RUL7] allowed-hosts holds for where a request is sent on to', () => {
  const rules = [{ preset: 'allowed-hosts', with: { hosts: ['registry.example.com'] } }];
  const policy = { ...policies.empty, rules };
  const ask = (redirect: object) => {
    const input = { method: 'GET', url: 'https://registry.example.com/x', ...redirect };
    const row = JSON.stringify({ cwd, policy, kind: 'network', input });
    return checkRow(row, options).result;
  };
  expect(ask({})).toMatchObject({ verdict: 'allow' });
  expect(ask({ redirect_to: 'https://registry.example.com/y' })).toMatchObject({ verdict: 'allow' });
  expect(ask({ redirect_to: 'https://evil.example.org/' })).toMatchObject({
    ...{ verdict: 'deny', rule: 'rules[0]' },
    facts: { hosts: ['registry.example.com', 'evil.example.org'] },
  });
});

it('[POL7] hostile text is judged in time, and never allowed', () => {
  const hostile = [
    '('.repeat(5_000),
    '$('.repeat(2_000),
    'a'.repeat(70_000),
    'ls \0',
    'ls \r',
    'ls \u202e',
    `cat ${'a '.repeat(6_000)}$x`,
    '`'.repeat(999),
    `${'bash -c '.repeat(50)}env`,
    'f(){ f; f; }; f',
    '{'.repeat(3_000),
    '<<A'.repeat(500),
    `${'eval '.repeat(200)}ls $x`,
    `echo ${'$('.repeat(1_000)}ls${')'.repeat(1_000)}`,
    `${'if true; then '.repeat(1_000)}ls; ${'fi; '.repeat(1_000)}`,
    Array(9_000).fill('ls').join(' && '),
    Array(1_000).fill('cd a').join(' && '),
    `git log ${'HEAD:a/b '.repeat(2_000)}`,
    `git show ${'a:'.repeat(20_000)}x`,
    `cat ${'*s'.repeat(1_000)}z`,
    `cat ../../${'*?'.repeat(1_000)}z`,
    `cat ${'a/'.repeat(20_000)}x`,
  ];
  for (const input of hostile) {
    const since = performance.now();
    expect(command(input).verdict, input.slice(0, 20)).not.toBe('allow');
    expect(performance.now() - since, input.slice(0, 20)).toBeLessThan(2_000);
  }
});

it('[POL7] functions that call functions are looked at once for each place that they are called from', () => {
  const names = Array.from({ length: 26 }, (_, index) => `f${index}`);
  const text = names.map((name, index) => `${name}() { ${index > 0 ? `f${index - 1}; f${index - 1}` : ':'}; }`);
  const since = performance.now();
  expect(command([...text, names.at(-1)].join('; ')).verdict).toBe('allow');
  expect(performance.now() - since).toBeLessThan(2_000);
});

it('[POL19] what cannot be looked at is asked about, and what cannot be judged denied', () => {
  const failing = (thrown: Error): CheckOptions => {
    const fail = () => {
      throw thrown;
    };
    return { ...options, files: { look: fail, resolve: fail, list: fail } };
  };
  const row = (kind: string, input: unknown) => JSON.stringify({ id: 'a', kind, cwd, policy: policies.sample, input });
  const files = failing(new RangeError('too deep'));
  const { verdict, facts } = checkRow(row('command', 'cat a.txt'), files).result;
  expect([verdict, facts.unclear]).toEqual(['ask', ['it cannot be looked at: RangeError']]);
  expect(checkRow(row('path', { op: 'read', path: 'a.txt' }), files)).toMatchObject({
    isValid: false,
    result: { id: 'a', verdict: 'deny', rule: 'input.invalid' },
  });
});
