/** Rules: what their conditions see, which of them speaks, and what is refused when a file loads. */
import { beforeAll, describe, expect, it } from 'vitest';
import { loadCommandParser } from '#facts/command-parser.ts';
import { type ActionFacts, type CommandFact, noFacts } from '#protocol/action-facts.ts';
import { noPolicyState } from '#protocol/policy-state.ts';
import type { CommandParser } from '../command/index.ts';
import {
  baseOf,
  compileLevel,
  compilePolicy,
  exampleProblems,
  problemLine,
  readLevelFile,
  readWorkspaceFile,
} from '../file/index.ts';
import { judgeFacts } from '../judge.ts';
import type { Policy } from '../policy.ts';
import { factsOf, noFiles } from '../subject.ts';
import { failingExamples } from './example.ts';
import { noSituation, presets, type Situation } from './index.ts';
import { readCondition } from './language.ts';
import { isLike } from './like.ts';
import { holdsPersonalData, holdsSecret } from './sensitive.ts';

let parser: CommandParser;
beforeAll(async () => {
  parser = await loadCommandParser();
});

const roots = { root: '/srv/project', home: '/home/ada' };
const header = 'version: "2026.1"\nworkspace: { name: x, allow_network_access: true }\n';

function policyOf(rules: string, rest = ''): Policy {
  const read = readWorkspaceFile(`${header}${rest}rules:\n${rules}`);
  if (!read.ok) throw new Error(read.problems.map((problem) => problemLine('w', problem)).join('\n'));
  return compilePolicy(read.file, baseOf(read.file, roots) ?? '', roots.home);
}

const place = { cwd: '/srv/project', base: '/srv/project', home: '/home/ada', restricted: [], files: noFiles };
const facts = (text: string): ActionFacts => factsOf({ kind: 'command', text }, place, parser);
const judge = (text: string, policies: Policy[], situation: Partial<Situation> = {}) =>
  judgeFacts(facts(text), policies, { ...noSituation, kind: 'command', tool: 'Bash', command: text, ...situation });

describe('which rule speaks', () => {
  it('[RUL1] the first rule that is about an action speaks, and the worst of all counts', () => {
    const policy = policyOf(`
  - { when: 'facts.only_runs(["npm test"])', then: allow, reason: tests may run }
  - { when: 'facts.commands.exists(c, c.program == "npm")', then: deny, reason: no npm }
`);
    expect(judge('npm test', [policy])).toMatchObject({
      verdict: 'allow',
      rule: 'rules[0]',
      reasons: ['tests may run'],
    });
    expect(judge('npm install x', [policy])).toMatchObject({ verdict: 'deny', rule: 'rules[1]', reasons: ['no npm'] });
    expect(judge('npm test && npm install x', [policy])).toMatchObject({ verdict: 'deny', rule: 'rules[1]' });
    expect(judge('make', [policy])).toMatchObject({ verdict: 'ask', rule: 'default.executes' });
  });

  it('[RUL1] an allowing rule never lifts what is forbidden, restricted, unclear, outside or perhaps forbidden', () => {
    const policy = policyOf(
      `\n  - { when: 'true', then: allow }\n`,
      'policies: { security_guardrails: { forbidden_commands: ["env", "rm -rf /"], restricted_paths: [secret.json] } }\n',
    );
    expect(judge('tool x', [policy]).verdict).toBe('allow');
    expect(judge('tee a.txt', [policy]).verdict).toBe('allow');
    expect(judge('env', [policy])).toMatchObject({
      verdict: 'deny',
      rule: 'security_guardrails.forbidden_commands[0]',
    });
    const restricted = { ...place, restricted: ['/srv/project/secret.json'] };
    const read = factsOf({ kind: 'command', text: 'cat secret.json' }, restricted, parser);
    expect(judgeFacts(read, [policy]).verdict).toBe('deny');
    expect(judge('$x a', [policy]).verdict).toBe('ask');
    expect(judge('tee /etc/x', [policy]).verdict).toBe('ask');
    expect(judge('cat $x', [policy]).verdict).toBe('ask');
  });

  it('[RUL2] the strictest level wins, and a level cannot loosen another', () => {
    const workspace = policyOf(`\n  - { when: 'facts.runs("ls")', then: ask, reason: look }\n`);
    const level = (text: string, name: 'server' | 'session') => {
      const read = readLevelFile(`version: "2026.1"\n${text}`);
      if (!read.ok) throw new Error(JSON.stringify(read.problems));
      return compileLevel(read.file, name, { base: '/srv/project', home: '/home/ada' });
    };
    const server = level(`rules: [{ when: 'facts.runs("ls")', then: deny, reason: no listing }]`, 'server');
    const session = level(`rules: [{ when: 'true', then: allow }]`, 'session');
    expect(judge('ls', [server, workspace])).toMatchObject({ verdict: 'deny', rule: 'server.rules[0]' });
    expect(judge('ls', [workspace, session])).toMatchObject({ verdict: 'ask', rule: 'rules[0]' });
    expect(judge('make', [workspace, session])).toMatchObject({ verdict: 'ask', rule: 'default.executes' });
    const forbids = level('policies: { security_guardrails: { forbidden_commands: [ls] } }', 'session');
    expect(judge('ls', [workspace, forbids])).toMatchObject({
      verdict: 'deny',
      rule: 'session.security_guardrails.forbidden_commands[0]',
    });
    expect(judge('cat a', [workspace, forbids]).verdict).toBe('allow');
    const both = judge('x', [workspace, forbids]).policyHash;
    expect(both).toMatch(/^[0-9a-f]{64}$/);
    expect(both).not.toBe(judge('x', [workspace]).policyHash);
  });

  it('[RUL3] a rule in the shadow says what it would say, and nothing else', () => {
    const policy = policyOf(`
  - { when: 'facts.runs("ls")', then: deny, reason: no listing, shadow: true }
  - { when: 'facts.runs("ls")', then: ask, reason: look }
  - { when: 'true', then: deny, reason: nothing, shadow: true }
`);
    expect(judge('ls', [policy])).toMatchObject({
      ...{ verdict: 'ask', rule: 'rules[1]' },
      shadow: [
        { rule: 'rules[0]', verdict: 'deny', reason: 'no listing' },
        { rule: 'rules[2]', verdict: 'deny', reason: 'nothing' },
      ],
    });
    expect(judge('cat a', [policy])).toMatchObject({ verdict: 'allow', shadow: [{ rule: 'rules[2]' }] });
  });

  it('[RUL1] a reason is no longer than a verdict can carry', () => {
    const hosts = Array.from({ length: 100 }, (_, n) => `host-${n}.example.com`);
    const policy = policyOf(
      `\n  - { preset: allowed-hosts, with: { hosts: ${JSON.stringify(hosts)} }, shadow: true }\n  - { when: '${'true && '.repeat(100)}true', then: ask }\n`,
    );
    const { reasons, shadow } = judge('curl https://example.org', [policy]);
    for (const reason of [...reasons, ...(shadow ?? []).map((each) => each.reason)]) {
      expect(reason.length).toBeLessThanOrEqual(400);
    }
  });

  it('[RUL4] a condition that cannot be answered asks', () => {
    const policy = policyOf(`\n  - { when: 'facts.commands[5].program == "x"', then: deny }\n`);
    const why = expect.stringContaining('index out of bounds');
    expect(judge('ls', [policy])).toMatchObject({ verdict: 'ask', rule: 'rules[0]', reasons: [why] });
    const many = { ...noFacts, hosts: [], requests: Array(1_001).fill({ method: 'GET', url: 'https://example.com' }) };
    expect(judgeFacts(many, [policyOf(`\n  - { when: 'true', then: deny }\n`)])).toMatchObject({ verdict: 'ask' });
  });
});

it('[RUL4] however many files an agent names, none is held against each of too many in a slow rule', () => {
  const path = { path: 'a', real: '/srv/project/a', effect: 'read', restricted: false, isInBase: true } as const;
  const many = { ...noFacts, paths: Array.from({ length: 999 }, () => path) };
  const pairs = `facts.paths.exists(p, facts.paths.exists(q, p.real != q.real))`;
  const since = performance.now();
  expect(judgeFacts(many, [policyOf(`\n  - { when: '${pairs}', then: deny }\n`)])).toMatchObject({
    ...{ verdict: 'ask', rule: 'rules[0]' },
    reasons: [expect.stringContaining('too much to hold each against each')],
  });
  expect(performance.now() - since).toBeLessThan(1_000);
  const argv = Array.from({ length: 4_001 }, (_, n) => `w${n}`);
  const command = {
    program: 'w0',
    argv,
    unknown: [],
    effect: 'network',
    cwd: '/srv/project',
    via: [],
  } satisfies CommandFact;
  const sent = { ...many, hosts: ['example.com'], commands: [command] } satisfies ActionFacts;
  const texts = policyOf(`\n  - { when: 'facts.paths.exists(p, facts.outgoing.holds_secret())', then: deny }\n`);
  expect(judgeFacts(sent, [texts])).toMatchObject({ verdict: 'ask', rule: 'rules[0]' });
  const few = { ...noFacts, paths: many.paths.slice(0, 200) };
  expect(judgeFacts(few, [policyOf(`\n  - { when: '${pairs}', then: deny }\n`)])).toMatchObject({ verdict: 'allow' });
  const words = policyOf(`\n  - { when: 'facts.commands.exists(c, c.argv.exists(a, a == "w4000"))', then: deny }\n`);
  expect(judgeFacts({ ...noFacts, commands: [command] }, [words])).toMatchObject({
    verdict: 'deny',
  });
});

it('[RUL2] once the money is spent nothing more is done, and the session pauses unless it is only to be denied', () => {
  const budget = (rest: string) =>
    policyOf('\n  - { when: "false", then: deny }\n', `policies: { cost_control: { max_budget_usd: 2 }${rest} }\n`);
  const spent = (microUsd: number) => ({ state: { ...noPolicyState, spentMicroUsd: microUsd } });
  expect(judge('ls', [budget('')], spent(1_999_999))).toMatchObject({ verdict: 'allow' });
  expect(judge('ls', [budget('')], spent(2_000_000))).toMatchObject({
    ...{ verdict: 'deny', rule: 'cost_control.max_budget_usd', isPausing: true, reasons: ['$2.00 of $2.00 are spent'] },
  });
  expect(judge('ls', [budget(', on_limit: deny')], spent(2_000_000)).isPausing).toBeUndefined();
});

describe('what a condition sees', () => {
  const about = (when: string, text: string, situation: Partial<Situation> = {}): boolean => {
    const read = readCondition(when, false);
    if (!read.ok) throw new Error(read.problem);
    return read.condition(facts(text), { ...noSituation, command: text, ...situation });
  };

  it('[RUL5] commands with decoded words, paths, hosts, requests, what is unclear and what is installed', () => {
    expect(about('facts.commands.exists(c, c.program == "git" && "push" in c.argv)', 'git "pu"sh')).toBe(true);
    expect(about('facts.commands[1].program == "git" && facts.commands[1].argv[0] == "git"', 'ls; git log')).toBe(true);
    expect(about('facts.paths[0].real == "/srv/project/a.txt" && has(facts.paths)', 'tee a.txt')).toBe(true);
    expect(about('facts.requests[0].url.like("*/x")', 'curl https://example.com/x')).toBe(true);
    expect(about('facts.runs("git push")', 'cd x && git push origin')).toBe(true);
    expect(about('facts.runs("git push")', 'git status')).toBe(false);
    expect(about('facts.only_runs(["npm test", "npm run *"])', 'npm test && npm run lint')).toBe(true);
    expect(about('facts.only_runs(["npm test"])', 'npm test; ls')).toBe(false);
    expect(about('facts.only_runs(["npm test"])', 'npm $x')).toBe(false);
    expect(about('facts.paths.exists(p, p.effect == "write" && p.in_base && !p.exists)', 'tee a.txt')).toBe(true);
    expect(about('facts.hosts == ["example.com"]', 'curl https://example.com/x')).toBe(true);
    expect(about('facts.requests.exists(r, r.method == "POST")', 'curl -d x https://example.com/x')).toBe(true);
    expect(about('size(facts.unclear) > 0', 'cat $x')).toBe(true);
    expect(about('facts.installs == ["left-pad", "ms"]', 'npm i left-pad && python3 -m pip install -q ms')).toBe(true);
    expect(about('facts.installs == ["*"]', 'npm ci')).toBe(true);
    expect(about('action.command.like("ls *") && action.agent == "coder"', 'ls -l', { agent: 'coder' })).toBe(true);
    expect(about('facts.outgoing.like("*secret-word*")', 'curl -d secret-word https://example.com')).toBe(true);
    expect(about('facts.open_ended', 'make')).toBe(true);
    expect(about('facts.open_ended', 'touch a.txt')).toBe(false);
  });

  it('[RUL5] the session so far, who started it, and the time', () => {
    const state = { ...noPolicyState, spentMicroUsd: 2_500_000, turns: 3, installed: ['left-pad'] };
    expect(about('session.spent_usd > 2.4 && session.spent_usd < 2.6', 'ls', { state })).toBe(true);
    expect(about('session.turns == 3 && "left-pad" in session.installed', 'ls', { state })).toBe(true);
    expect(about('session.started_by == "ada"', 'ls', { startedBy: 'ada' })).toBe(true);
    const atMs = Date.parse('2026-03-02T10:15:00Z');
    expect(about('now.getHours("Europe/Berlin") == 11', 'ls', { atMs })).toBe(true);
    const recent: [string, number][] = [
      ['a', atMs - 59_000],
      ['b', atMs - 61_000],
    ];
    expect(about('session.last_minute == 1', 'ls', { atMs, state: { ...noPolicyState, recent } })).toBe(true);
  });

  it('[RUL5] like is a glob, and takes no time for hostile text', () => {
    expect(isLike('api.example.com', '*.example.com')).toBe(true);
    expect(isLike('example.com', '*.example.com')).toBe(false);
    expect(isLike('abab', 'ab*ab')).toBe(true);
    expect(isLike('aba', 'ab*ba')).toBe(false);
    expect(isLike('axbxc', 'a*b*c')).toBe(true);
    expect(isLike('a', '*')).toBe(true);
    const since = performance.now();
    isLike('a'.repeat(100_000), `${'*a'.repeat(100)}b`);
    holdsSecret('eyJ'.repeat(30_000));
    holdsPersonalData('a@'.repeat(50_000));
    holdsPersonalData('1 '.repeat(50_000));
    holdsSecret('password '.repeat(10_000));
    expect(performance.now() - since).toBeLessThan(1_000);
  });
});

describe('what is refused when a file loads', () => {
  it('[RUL6] conditions, presets and examples that are wrong, with line, column and fix', () => {
    const wrong: [string, RegExp][] = [
      [`- { when: 'facts.nothing', then: ask }`, /^w:4:13: rules\[0\]: No such key: nothing; /],
      [`- { when: 'has(facts.commandz)', then: ask }`, /^w:4:13: rules\[0\]: No such key: commandz; /],
      [`- { when: 'facts.paths.all(p, !has(p.reel))', then: ask }`, /^w:4:13: rules\[0\]: No such key: reel; /],
      [
        `- { when: 'cel.bind(l, facts.paths, l.all(p, l.all(q, p.real == q.real)))', then: ask }`,
        /^w:4:13: rules\[0\]: lists are gone through within each other too deep/,
      ],
      [`- { when: 'facts.hosts', then: ask }`, /^w:4:13: rules\[0\]: it is of type list<string>, not bool; /],
      [`- { when: 'action.kind == 3', then: ask }`, /^w:4:13: rules\[0\]: no such overload/],
      [`- { when: 'action.command.matches("(a+)+")', then: ask }`, /^w:4:13: rules\[0\]: matches is not offered/],
      [`- { when: 'facts.runs("x")', then: allow }`, /^w:4:13: rules\[0\]: .*only_runs/],
      [`- { when: '1 +', then: ask }`, /^w:4:13: rules\[0\]: /],
      [`- { when: 'true' }`, /^w:4:5: rules\[0\]: then: missing/],
      [`- { then: ask }`, /^w:4:5: rules\[0\]: write either when or preset/],
      [`- { when: 'true', preset: rate-limit, then: ask }`, /^w:4:5: rules\[0\]: write either when or preset/],
      [`- { preset: nothing }`, /^w:4:15: rules\[0\]\.preset: nothing is not known; write ask-push-after-install, /],
      [`- { preset: rate-limit, with: { per_minute: 0 } }`, /^w:4:47: rules\[0\]\.with\.per_minute: /],
      [`- { preset: rate-limit, then: allow }`, /^w:4:33: rules\[0\]\.then: a preset asks or denies/],
      [`- { when: 'true', then: ask, quorum: 2, approvers: [ada] }`, /^w:4:40: rules\[0\]\.quorum: more must approve/],
      [`- { when: 'true', then: ask, expires_in: soon }`, /^w:4:44: rules\[0\]\.expires_in: expected a duration/],
      [`- { when: 'true', then: ask, colour: red }`, /^w:4:32: rules\[0\]\.colour is not known/],
      [
        `- { when: 'true', then: ask, examples: [{ command: ls, read: x }] }`,
        /^w:4:43: rules\[0\]\.examples\[0\]: say what/,
      ],
    ];
    for (const [rule, told] of wrong) {
      const read = readWorkspaceFile(`${header}rules:\n  ${rule}\n`);
      const lines = read.ok ? '(read)' : read.problems.map((problem) => problemLine('w', problem)).join('\n');
      expect(lines, rule).toMatch(told);
    }
  });

  it('[RUL6] an example that does not hold', () => {
    const text = `${header}rules:
  - when: facts.runs("git push")
    then: ask
    examples:
      - command: git push
      - command: git status
      - { command: git fetch, matches: false }
`;
    const read = readWorkspaceFile(text);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const policy = compilePolicy(read.file, '/srv/project', '/home/ada');
    const problems = exampleProblems(policy, { located: read.located, home: '/home/ada', parser });
    expect(problems.map((problem) => problemLine('w', problem))).toEqual([
      'w:8:9: rules[0].examples[1]: the rule is not about it; correct the rule or the example',
    ]);
  });
});

describe('presets', () => {
  for (const [name, preset] of Object.entries(presets)) {
    it(`[RUL7] ${name}: its examples hold`, () => {
      const given = preset.parameters.parse(preset.sample);
      const read = readCondition(preset.when(given), false);
      if (!read.ok) throw new Error(read.problem);
      const examples = preset.examples.map((example) => ({ matches: true, ...example }));
      expect(examples.length).toBeGreaterThanOrEqual(2);
      const failing = failingExamples(
        { condition: read.condition, examples },
        { ...place, base: '/srv/project' },
        parser,
      );
      expect(failing.map((index) => examples[index])).toEqual([]);
    });
  }

  it('[RUL7] no-secrets-out looks at what tools are told; a local command may say what it likes', () => {
    const policy = policyOf('\n  - { preset: no-secrets-out }\n');
    const told = (body: string, more: object = {}) => {
      const input = { digest: '', text: JSON.stringify({ body }, null, 2), left: 0, ...more };
      return judgeFacts(noFacts, [policy], { ...noSituation, kind: 'mcp', input }).verdict;
    };
    expect(told('mail ada@example.com')).toBe('deny');
    expect(told('two lines\npassword="hunter2hunter2"')).toBe('deny');
    expect(told('two lines')).toBe('allow');
    expect(told('two lines', { left: 1 })).toBe('ask');
    const push = 'git add . && git commit -m "password=hunter2hunter2" && git push';
    expect(judge(push, [policy])).toMatchObject({ verdict: 'deny' });
    expect(judge('echo ada@example.com', [policy])).toMatchObject({ verdict: 'allow' });
    expect(holdsSecret('docker run -u 1000:1000 node')).toBe(false);
    expect(holdsSecret('git fetch -u origin main:main')).toBe(false);
  });

  it('[RUL7] allowed-hosts lets a tool fetch from a host that is named, and a person is asked as for any client', () => {
    const policy = policyOf('\n  - { preset: allowed-hosts, with: { hosts: [docs.example.com] } }\n');
    const fetches = (host: string) => ({
      ...{ ...noFacts, hosts: [host] },
      requests: [{ method: 'GET', url: `https://${host}/x` }],
    });
    const tool = { ...noSituation, kind: 'network', tool: 'WebFetch' } as const;
    expect(judgeFacts(fetches('evil.example.org'), [policy], tool)).toMatchObject({ verdict: 'deny' });
    expect(judgeFacts(fetches('docs.example.com'), [policy], tool)).toMatchObject({
      ...{ verdict: 'ask', rule: 'default.network' },
    });
    const allows = policyOf(`\n  - { when: 'facts.hosts == ["docs.example.com"]', then: allow }\n`);
    expect(judgeFacts(fetches('docs.example.com'), [allows], tool)).toMatchObject({ verdict: 'allow' });
  });

  it('[RUL12] tool-limits counts all tools of its pattern together, each agent by itself', () => {
    const policy = policyOf(`\n  - { preset: tool-limits, with: { tool: 'mcp__gh__*', uses: 2 } }\n`);
    const said = (uses: Record<string, number>, tool = 'mcp__gh__three') =>
      judgeFacts(noFacts, [policy], {
        ...{ ...noSituation, kind: 'mcp', agent: 'coder', tool },
        state: { ...noPolicyState, uses },
      }).verdict;
    expect(said({ 'coder mcp__gh__one': 1, 'coder mcp__gh__two': 1 })).toBe('deny');
    expect(said({ 'coder mcp__gh__one': 1, 'coder mcp__other__two': 9, 'reviewer mcp__gh__one': 9 })).toBe('allow');
    expect(said({ 'coder mcp__gh__one': 2 }, 'Read')).toBe('allow');
    expect(said({ 'coder mcp__gh__one': 1, '*': 1 })).toBe('deny');
  });

  it('[RUL7] write-only-created lets through what a rule before it allows', () => {
    const off = 'policies: { security_guardrails: { require_human_approval_on_mutation: false } }\n';
    const policy = policyOf(
      `\n  - { when: 'facts.only_runs(["npm test"])', then: allow }\n  - { preset: write-only-created }\n`,
      off,
    );
    expect(judge('npm test', [policy])).toMatchObject({ verdict: 'allow' });
    expect(judge('npm test && git stash', [policy])).toMatchObject({ verdict: 'deny', rule: 'rules[1]' });
    expect(judge('tar xf a.tar', [policy])).toMatchObject({ verdict: 'deny' });
  });

  it('[RUL7] what they are told cannot become a condition of its own', () => {
    const policy = policyOf(`\n  - { preset: allowed-hosts, with: { hosts: ['x") || true || h.like("'] } }\n`);
    expect(judge('curl https://example.com', [policy])).toMatchObject({ verdict: 'deny', rule: 'rules[0]' });
  });
});
