/** What the rules say of tools that nobody here knows. */
import { expect, it } from 'vitest';
import { compileLevel, compilePolicy, readLevelFile, readWorkspaceFile } from '#policy/file/index.ts';
import { noSituation } from '#policy/rule/index.ts';
import { noFacts } from '#protocol/action-facts.ts';
import type { SessionView } from '#protocol/session-view.ts';
import { noTurns } from '#protocol/turn-view.ts';
import type { ProposedAction } from '#server/turn/index.ts';
import { judgementOf, ruled } from './verdict.ts';

const allowing = 'rules: [{ when: "true", then: allow, reason: r }]\n';
const roots = { base: '/srv/project', home: '/home/ada' };

const workspace = (text: string) => {
  const read = readWorkspaceFile(`version: "2026.1"\nworkspace: { name: x, allow_network_access: true }\n${text}`);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return compilePolicy(read.file, roots.base, roots.home);
};
const session = (text: string) => {
  const read = readLevelFile(`version: "2026.1"\n${text}`);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return compileLevel(read.file, 'session', roots);
};

it('[RUL2] what the workspace file asks about because nobody knows it, a rule of another level does not lift', () => {
  const say = (...policies: ReturnType<typeof workspace>[]) =>
    ruled({ kind: 'mcp', tool: 'mcp__x__y' }, noFacts, policies, noSituation);
  const unknown = { verdict: 'ask', rule: 'default.unknown-tool' };
  expect(say(workspace(''))).toMatchObject(unknown);
  expect(say(workspace(''), session(allowing))).toMatchObject(unknown);
  expect(say(workspace(allowing))).toMatchObject({ verdict: 'allow', rule: 'rules[0]' });
  expect(say(session(allowing))).toMatchObject({ verdict: 'allow', rule: 'session.rules[0]' });
});

it('[SBX10] without a sandbox a person decides whatever rules, or none, would allow', () => {
  const action = {
    kind: 'other',
    tool: 'x',
    agent: 'a',
    command: null,
    paths: [],
    cwd: '/srv',
    input: null,
    facts: noFacts,
  };
  const say = (sandbox: 'none' | 'bubblewrap' | undefined, ...policies: ReturnType<typeof workspace>[]) => {
    const view = { members: [], turns: noTurns, ...(sandbox && { sandbox }) } as unknown as SessionView;
    return judgementOf(action as unknown as ProposedAction, view, policies, 0);
  };
  const asked = { verdict: 'ask', rule: 'default.no-sandbox', reasons: [expect.stringContaining('no sandbox')] };
  expect(say('none')).toMatchObject(asked);
  expect(say('none', workspace(allowing))).toMatchObject({ verdict: 'ask', rule: 'default.no-sandbox' });
  expect(say('none', workspace('rules: [{ when: "true", then: deny, reason: r }]\n'))).toMatchObject({
    verdict: 'deny',
  });
  expect(say('bubblewrap')).toMatchObject({ verdict: 'allow' });
  expect(say(undefined)).toMatchObject({ verdict: 'allow' });
});
