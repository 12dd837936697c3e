/** Workspace files: what is read from them, what is refused and where. */
import { expect, it } from 'vitest';
import type { FileState, FileView } from '../file-view.ts';
import { baseOf, compilePolicy, problemLine, readWorkspaceFile, warningsOf } from './index.ts';

const whole = `version: "2026.1"
workspace:
  name: "enterprise-core-refactor"
  base_dir: "./src/microservices"
  allow_network_access: true
harnesses:
  - name: "primary-coder"
    type: "claude-sdk"
    default_model: "claude-3-5-sonnet-2026"
policies:
  cost_control:
    max_budget_usd: 15.00
    alert_threshold_pct: 80
  security_guardrails:
    forbidden_commands: ["rm -rf /", "env"]
    restricted_paths: ["../../config/secrets.json"]
    require_human_approval_on_mutation: true
telemetry:
  mlflow_tracking_uri: "http://localhost:5000"
  enable_live_session_sharing: true
`;
const roots = { root: '/srv/project', home: '/home/ada' };

function policyOf(text: string) {
  const read = readWorkspaceFile(text);
  if (!read.ok) throw new Error(read.problems.map((problem) => problemLine('w', problem)).join('\n'));
  return { ...read, policy: compilePolicy(read.file, baseOf(read.file, roots) ?? '', roots.home) };
}

it('[POL8] a whole file means what it says, with paths from base_dir and money in micro-dollars', () => {
  expect(policyOf(whole).policy).toMatchObject({
    ...{
      maxBudgetMicroUsd: 15_000_000,
      alertThresholdPct: 80,
      base: '/srv/project/src/microservices',
      allowsNetwork: true,
    },
    restrictedPaths: [{ written: '../../config/secrets.json', absolute: '/srv/project/config/secrets.json' }],
    ...{ asksBeforeMutation: true, onLimit: { kind: 'pause' }, onViolation: 'deny', onSurprise: 'record' },
  });
});

it('[POL8] what a file leaves out is the careful choice', () => {
  expect(policyOf('version: "2026.1"\nworkspace: { name: x }\n').policy).toMatchObject({
    ...{ maxBudgetMicroUsd: null, asksBeforeMutation: true, allowsNetwork: false, base: '/srv/project' },
  });
});

it('[EFF5] what follows a surprise is one of three words', () => {
  const said = (word: string) => `version: "2026.1"\nworkspace: { name: x }\npolicies: { on_surprise: ${word} }\n`;
  expect(policyOf(said('ask')).policy.onSurprise).toBe('ask');
  expect(policyOf(said('pause')).policy.onSurprise).toBe('pause');
  expect(() => policyOf(said('shrug'))).toThrow(/^w:3:26: policies\.on_surprise: /);
});

it('[POL8] each mistake is told with line, column, words and fix', () => {
  const wrong: [string, string, RegExp][] = [
    ['version: "2026.1"', 'version: "2025"', /^w:1:10: version: .*; write "2026.1"$/],
    ['  allow_network_access: true', '  allow_network: true', /^w:5:3: workspace\.allow_network is not known; /],
    [
      'max_budget_usd: 15.00',
      'max_budget_usd: -1',
      /^w:12:21: policies\.cost_control\.max_budget_usd: .*; write at least 0$/,
    ],
    ['max_budget_usd: 15.00', 'max_budget_usd: .nan', /^w:12:21: .*; write a number$/],
    ['max_budget_usd: 15.00', 'max_budget_usd: lots', /^w:12:21: .*; write a number$/],
    ['alert_threshold_pct: 80', 'alert_threshold_pct: 101', /^w:13:26: .*; write at most 100$/],
    ['alert_threshold_pct: 80', 'alert_threshold_pct: 0', /^w:13:26: .*; write at least 1$/],
    ['["rm -rf /", "env"]', '["rm -rf /", ""]', /^w:15:38: .*forbidden_commands\[1\]/],
    ['["rm -rf /", "env"]', 'env', /^w:15:25: .*; write a array$/],
    [
      'policies:\n',
      'policies:\n  on_violation: rollback\n',
      /^w:11:17: .*there are no checkpoints to roll back to yet/,
    ],
    [
      'policies:\n',
      'policies:\n  on_limit: rollback\n',
      /^w:11:13: policies\.on_limit: .*; there are no checkpoints to roll back to yet, write pause, deny or downgrade:MODEL$/,
    ],
    [
      'policies:\n',
      'policies:\n  on_limit: stop\n',
      /^w:11:13: policies\.on_limit: .*; write pause, deny or downgrade:MODEL$/,
    ],
    ['name: "primary-coder"', 'name: "Primary Coder"', /^w:7:11: harnesses\[0\]\.name: /],
    ['"http://localhost:5000"', '"localhost"', /^w:19:24: telemetry\.mlflow_tracking_uri: /],
    ['telemetry:', '\ttelemetry:', /^w:18:1: /],
    ['telemetry:', 'workspace: {}\ntelemetry:', /^w:18:1: .*unique/],
    ['telemetry:', 'telemetry: [', /^w:\d+:\d+: /],
  ];
  for (const [from, to, told] of wrong) {
    const read = readWorkspaceFile(whole.replace(from, to));
    const lines = read.ok ? ['(read)'] : read.problems.map((problem) => problemLine('w', problem));
    expect(lines.join('\n'), to).toMatch(new RegExp(told, 'm'));
  }
});

it('[POL8] bombs of size, depth and aliases are refused in time', () => {
  const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\n${[...'bcdefgh'].map((key, n) => `${key}: &${key} [${`*${'abcdefgh'[n]},`.repeat(9)}]`).join('\n')}\n`;
  const since = performance.now();
  for (const text of [
    bomb,
    '['.repeat(100_000),
    'x'.repeat(300_000),
    `version: ${'"'.repeat(9)}`,
    '',
    '\0',
    '- '.repeat(50_000),
  ]) {
    expect(readWorkspaceFile(text).ok, text.slice(0, 20)).toBe(false);
  }
  expect(performance.now() - since).toBeLessThan(5_000);
});

it('[POL9] a restricted path that protects less than it seems is warned of', () => {
  const view = (found: Partial<FileState> | null): FileView => ({
    look: (path) => (found ? { kind: 'file', real: path, inode: '1', links: 1, ...found } : null),
    resolve: (path) => path,
    list: () => [],
  });
  const { located, policy } = policyOf(whole);
  const warn = (found: Partial<FileState> | null) =>
    warningsOf(located, policy, view(found)).map((each) => problemLine('w', each));
  expect(warn({})).toEqual([]);
  expect(warn(null)).toEqual([expect.stringMatching(/^w:16:24: .* is not there/)]);
  expect(warn({ real: '/elsewhere' })).toEqual([expect.stringMatching(/^w:16:24: .* is a link to \/elsewhere/)]);
  expect(warn({ links: 2 })).toEqual([expect.stringMatching(/^w:16:24: .* has 2 names/)]);
});

it('[POL10] the hash follows the meaning, not the place or the order', () => {
  const { file, policy } = policyOf(whole);
  expect(compilePolicy(file, '/elsewhere/src/microservices', '/root').hash).toBe(policy.hash);
  const turned = whole.replace(
    '    max_budget_usd: 15.00\n    alert_threshold_pct: 80\n',
    '    alert_threshold_pct: 80\n    max_budget_usd: 15\n',
  );
  expect(policyOf(turned).policy.hash).toBe(policy.hash);
  expect(policyOf(whole.replace('"env"', '"envy"')).policy.hash).not.toBe(policy.hash);
});

it('[POL10] rules in the shadow, reasons and examples are no part of the hash that verdicts carry', () => {
  const of = (rules: string) => policyOf(`${whole}\nrules:\n${rules}`).policy;
  const plain = of(`  - { when: 'true', then: ask, reason: look }\n`);
  const told = of(`  - { when: 'true', then: ask, reason: look here, examples: [{ command: ls }] }\n`);
  const shadowed = of(
    `  - { when: 'false', then: deny, shadow: true }\n  - { when: 'true', then: ask, reason: look }\n`,
  );
  expect([told.hash, shadowed.hash]).toEqual([plain.hash, plain.hash]);
  expect(new Set([plain, told, shadowed].map(({ fullHash }) => fullHash)).size).toBe(3);
  expect(of(`  - { when: 'true', then: deny, reason: look }\n`).hash).not.toBe(plain.hash);
  expect(of(`  - { when: 'false', then: deny, shadow: true }\n`).hash).toBe(policyOf(whole).policy.hash);
});

it('[POL8] a base_dir outside of its root is none', () => {
  const read = readWorkspaceFile(whole.replace('./src/microservices', '../other'));
  expect(read.ok && baseOf(read.file, roots)).toBe(null);
});
