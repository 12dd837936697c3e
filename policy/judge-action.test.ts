/** Requests that are about to be sent by themselves: what is hidden in an encrypted connection, ports, and what lasts. */
import { expect, it } from 'vitest';
import { compilePolicy, readWorkspaceFile } from './file/index.ts';
import { isLasting, judgeAction } from './judge-action.ts';
import { noSituation } from './rule/index.ts';
import { requestFacts } from './subject.ts';

const policyOf = (text: string, isOn = true) => {
  const head = `version: "2026.1"\nworkspace: { name: x, allow_network_access: ${isOn} }\n`;
  const read = readWorkspaceFile(`${head}${text}`);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return compilePolicy(read.file, '/srv/project', '/home/ada');
};
const say = (text: string, method = 'CONNECT', url = 'https://example.org/') =>
  judgeAction(requestFacts({ method, url }), [policyOf(text)], { ...noSituation, kind: 'network', tool: 'network' });
const rule = (when: string, then: string) => `  - { when: '${when}', then: ${then}, reason: r }\n`;
const toHost = 'facts.hosts.all(h, h == "example.org")';
const ofMethod = (method: string) => `facts.requests.exists(r, r.method == "${method}")`;

it('[EGR11] what an encrypted connection carries does not show: what a rule says of any method there is said of all of it', () => {
  expect(say('')).toMatchObject({ verdict: 'ask' });
  const allowing = rule(toHost, 'allow');
  expect(say(`rules:\n${allowing}`)).toMatchObject({ verdict: 'allow', rule: 'rules[0]' });
  expect(say(`rules:\n${rule(`${toHost} && ${ofMethod('POST')}`, 'deny')}${allowing}`)).toMatchObject({
    ...{ verdict: 'deny', rule: 'rules[0]' },
  });
  expect(say(`rules:\n${rule(ofMethod('DELETE'), 'ask')}${allowing}`)).toMatchObject({
    verdict: 'ask',
    rule: 'rules[0]',
  });
  expect(say(`rules:\n${rule(`${toHost} && ${ofMethod('GET')}`, 'allow')}`)).toMatchObject({ verdict: 'ask' });
  const preset = (methods: string) =>
    say(`rules:\n  - { preset: allowed-hosts, with: { hosts: [example.org], methods: [${methods}] } }\n${allowing}`);
  expect(preset('GET, HEAD')).toMatchObject({ verdict: 'deny', rule: 'rules[0]' });
  // Whoever names it means it.
  expect(preset('GET, HEAD, CONNECT')).toMatchObject({ verdict: 'allow', rule: 'rules[1]' });
  // A plain request shows its method.
  const posting = `rules:\n${rule(`${toHost} && ${ofMethod('POST')}`, 'deny')}${allowing}`;
  expect(say(posting, 'GET', 'http://example.org/')).toMatchObject({ verdict: 'allow' });
});

it('[EGR11] a forbidden command with one method forbids every encrypted connection to its host', () => {
  const guard = 'policies:\n  security_guardrails: { forbidden_commands: ["curl -X POST https://example.org/*"] }\n';
  expect(say(guard)).toMatchObject({
    ...{ verdict: 'deny', rule: 'security_guardrails.forbidden_commands[0]' },
    reasons: [expect.stringContaining('the method of an encrypted connection does not show')],
  });
  expect(say(guard, 'GET', 'http://example.org/')).toMatchObject({ verdict: 'ask' });
  expect(say(guard, 'CONNECT', 'https://other.example.net/').rule).not.toContain('forbidden_commands');
});

it('[EGR11] a port that is not one of the web is asked about, unless the rule that allows it names it', () => {
  const to = (port: number) =>
    say(
      `rules:\n${rule(`${toHost} && facts.requests.all(r, r.url.contains(":5432/"))`, 'allow')}${rule(toHost, 'allow')}`,
      'CONNECT',
      `https://example.org:${port}/`,
    );
  expect(to(443)).toMatchObject({ verdict: 'allow' });
  expect(to(5432)).toMatchObject({ verdict: 'allow', rule: 'rules[0]' });
  expect(to(6379)).toMatchObject({ verdict: 'ask', rule: 'default.network' });
});

it('[EGR15] where the network is switched off every request is denied', () => {
  const policy = policyOf(`rules:\n${rule(toHost, 'allow')}`, false);
  for (const method of ['CONNECT', 'GET']) {
    expect(judgeAction(requestFacts({ method, url: 'https://example.org/' }), [policy], noSituation)).toMatchObject({
      ...{ verdict: 'deny', rule: 'workspace.allow_network_access' },
    });
  }
});

it('[EGR9] what rules say lasts unless they look at the session, the time, or the address of a plain request', () => {
  const lasts = (text: string, method = 'CONNECT', url = 'https://example.org/') =>
    isLasting(requestFacts({ method, url }), [policyOf(text)]);
  const plain = (text: string) => lasts(text, 'GET', 'http://example.org/a');
  const byAddress = `rules:\n${rule('facts.requests.exists(r, r.url.contains("admin"))', 'deny')}`;
  expect([lasts(''), plain(''), lasts(`rules:\n${rule(toHost, 'allow')}`)]).toEqual([true, true, true]);
  expect([lasts(byAddress), plain(byAddress)]).toEqual([true, false]);
  expect(lasts(`rules:\n${rule('session.installed.size() > 0', 'deny')}`)).toBe(false);
  expect(lasts(`rules:\n${rule('now.getHours() > 20', 'ask')}`)).toBe(false);
  expect(lasts('policies: { on_surprise: ask }\n')).toBe(false);
  expect(lasts(`rules:\n  - { when: 'session.turns > 3', then: deny, shadow: true }\n`)).toBe(true);
});
