/** Levels that hold only rules in the shadow: what they would say is recorded, and everything else is as without them. */
import { beforeAll, describe, expect, it } from 'vitest';
import { loadCommandParser } from '#facts/command-parser.ts';
import type { CommandParser } from '#policy/command/index.ts';
import { compileLevel, compilePolicy, readLevelFile, readWorkspaceFile } from '#policy/file/index.ts';
import type { Policy } from '#policy/policy.ts';
import { factsOf, noFiles } from '#policy/subject.ts';
import type { ActionFacts } from '#protocol/action-facts.ts';
import type { SessionView } from '#protocol/session-view.ts';
import { type ProposedAction, subjectOf, touchedOf } from '#server/turn/index.ts';
import { judgementOf } from './verdict.ts';

let parser: CommandParser;
beforeAll(async () => {
  parser = await loadCommandParser();
});

const base = '/srv/project';
const place = { cwd: base, base, home: '/home/ada', restricted: [], files: noFiles };

function level(name: 'server' | 'session', rules: string, rest = ''): Policy {
  const read = readLevelFile(`version: "2026.1"\n${rest}rules:\n${rules}\n`);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return compileLevel(read.file, name, { base, home: '/home/ada' });
}

function workspace(rules: string): Policy {
  const read = readWorkspaceFile(`version: "2026.1"\nworkspace: { name: x }\n${rules}`);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return compilePolicy(read.file, base, '/home/ada');
}

const action = (
  command: string,
  facts: ActionFacts | null = factsOf({ kind: 'command', text: command }, place, parser),
) =>
  ({
    ...{ actionId: 'act_1', turnId: null, agent: 'coder', itemId: null, kind: 'command', tool: 'Bash' },
    ...{ command, paths: [], cwd: base, facts },
  }) as unknown as ProposedAction;
const view = (allowances: object[] = []) => ({ members: [], turns: { allowances } }) as unknown as SessionView;
const judge = (command: string, policies: Policy[], now = view()) => judgementOf(action(command), now, policies, 0);

const shadow = `  - { when: 'facts.commands.exists(c, c.effect == "unknown")', then: deny, reason: no, shadow: true }`;

describe('a level of rules in the shadow', () => {
  it('[RUL3] judges nothing where no other rules are in force, and says what it would say', () => {
    for (const name of ['server', 'session'] as const) {
      expect(judge('frobnicate x', [level(name, shadow)])).toMatchObject({
        ...{ verdict: 'allow', rule: 'default.record', policyHash: '' },
        shadow: [{ rule: `${name}.rules[0]`, verdict: 'deny', reason: 'no' }],
      });
      expect(judge('cat $x /etc/passwd', [level(name, shadow)])).toMatchObject({ verdict: 'allow' });
    }
    const unknown = judgementOf(action('x', null), view(), [level('server', shadow)], 0);
    expect(unknown).toMatchObject({ verdict: 'allow', rule: 'default.record' });
  });

  it('[RUL3] leaves what other levels say, and the hash that it is bound to, as they are', () => {
    const allows = level('session', `  - { when: 'facts.only_runs(["frobnicate"])', then: allow }`);
    const alone = judge('frobnicate x', [allows]);
    expect(alone.verdict).toBe('allow');
    const { shadow: words, ...both } = judge('frobnicate x', [level('server', shadow), allows]);
    expect(words).toHaveLength(1);
    expect(both).toEqual(alone);
    const file = workspace('');
    const { shadow: _words, ...beside } = judge('frobnicate x', [level('server', shadow), file]);
    expect(beside).toEqual(judge('frobnicate x', [file]));
  });

  it('[RUL3] a level that says anything else judges', () => {
    const forbids = 'policies: { security_guardrails: { forbidden_commands: [env] } }\n';
    expect(judge('frobnicate x', [level('server', shadow, forbids)])).toMatchObject({ verdict: 'ask' });
    expect(judge('ls', [level('server', shadow, 'policies: { on_surprise: ask }\n')]).policyHash).not.toBe('');
  });
});

it('[RUL3] a rule in the shadow, a reason and an example void nothing that was allowed for the session', () => {
  const before = workspace(`rules:\n  - { when: 'facts.runs("touch")', then: ask }\n`);
  const { cwd, tool, paths, command, facts = null } = action('touch x');
  const subject = subjectOf({ tool, command, paths, cwd });
  const covers = { rules: judge('touch x', [before]).rules, touched: touchedOf(facts) };
  const now = view([{ approvalId: 'apr_1', subject, by: 'ada', policyHash: before.hash, covers }]);
  expect(judge('touch x', [before], now)).toMatchObject({ verdict: 'allow', rule: 'session.allowed:apr_1' });
  const after = workspace(
    `rules:\n  - { when: 'facts.runs("touch")', then: ask, reason: look, examples: [{ command: touch x }] }\n${shadow}\n`,
  );
  expect(judge('touch x', [level('server', shadow), after], now)).toMatchObject({ verdict: 'allow' });
  const stricter = level('session', `  - { when: 'facts.runs("touch")', then: ask }`);
  expect(judge('touch x', [before, stricter], now)).toMatchObject({ verdict: 'ask' });
});
