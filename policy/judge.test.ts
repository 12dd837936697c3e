/** How levels, patterns and rules combine into one verdict. */
import { beforeAll, describe, expect, it } from 'vitest';
import { loadCommandParser } from '#facts/command-parser.ts';
import type { CommandParser } from './command/index.ts';
import { compileLevel, compilePolicy, readLevelFile, readWorkspaceFile } from './file/index.ts';
import { judgeFacts } from './judge.ts';
import type { Policy } from './policy.ts';
import { factsOf, noFiles } from './subject.ts';

const base = '/srv/project';
const home = '/home/ada';
let parser: CommandParser;
beforeAll(async () => {
  parser = await loadCommandParser();
});

const header = 'version: "2026.1"\n';
function workspace(text: string): Policy {
  const read = readWorkspaceFile(`${header}workspace: { name: x, allow_network_access: true }\n${text}`);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return compilePolicy(read.file, base, home);
}
function level(name: 'server' | 'session', text: string): Policy {
  const read = readLevelFile(header + text);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return compileLevel(read.file, name, { base, home });
}
const guardrails = (text: string) => `policies: { security_guardrails: { ${text} } }\n`;
const isAsked = 'require_human_approval_on_mutation: true';
const isNotAsked = 'require_human_approval_on_mutation: false';

function judge(text: string, policies: Policy[]) {
  const restricted = policies.flatMap(({ restrictedPaths }) => restrictedPaths.map(({ absolute }) => absolute));
  const facts = factsOf({ kind: 'command', text }, { cwd: base, base, home, restricted, files: noFiles }, parser);
  return judgeFacts(facts, policies);
}

describe('levels', () => {
  it('[RUL2] a level that wants to be asked before changes is asked about what runs the project too', () => {
    const policies = [level('server', guardrails(isAsked)), workspace(guardrails(isNotAsked))];
    for (const text of ['touch a', 'npm run build', 'make']) expect(judge(text, policies).verdict, text).toBe('ask');
    const allowing = workspace(`rules: [{ when: 'facts.only_runs(["make"])', then: allow, reason: r }]`);
    expect(judge('make', [level('server', guardrails(isAsked)), allowing]).verdict).toBe('ask');
    expect(judge('make', [allowing]).verdict).toBe('allow');
  });

  it('[RUL2] a level that pauses after a violation pauses after that of another', () => {
    const pausing = level('server', 'policies: { on_violation: pause }\n');
    const forbidding = workspace(guardrails('forbidden_commands: [env]'));
    expect(judge('env', [pausing, forbidding])).toMatchObject({ verdict: 'deny', isPausing: true });
    expect(judge('env', [forbidding]).isPausing).toBeUndefined();
  });

  it('[RUL2] a restricted path is named by the level that restricts it', () => {
    const silent = level('server', guardrails(isAsked));
    const own = workspace(guardrails('restricted_paths: [other.json, secret.json, keys/a]'));
    expect(judge('cat secret.json', [silent, own]).rule).toBe('security_guardrails.restricted_paths[1]');
    expect(judge('rm -r keys', [silent, own]).rule).toBe('security_guardrails.restricted_paths');
    const only = workspace(guardrails('restricted_paths: [keys/a]'));
    expect(judge('rm -r keys', [silent, only]).rule).toBe('security_guardrails.restricted_paths[0]');
  });
});

describe('patterns', () => {
  it('[POL3] a restricted path covers what lies in it, by pattern, with brackets, in any case', () => {
    const rows = [
      ['secrets*', 'cat secrets-prod/key'],
      ['secrets*', 'cat SECRETS-prod/key'],
      ['keys/*', 'cat keys/sub/k'],
      ['app/[id]', "cat 'app/[id]/key'"],
      ['Cap*/x', 'cat capx/x'],
      ['**/*.pem', 'cat d/b.PEM'],
      ['secrets', 'cat Secrets/key'],
    ] as const;
    for (const [path, text] of rows)
      expect(judge(text, [workspace(guardrails(`restricted_paths: ["${path}"]`))]).verdict, text).toBe('deny');
    const other = workspace(guardrails('restricted_paths: ["keys/*", "app/[id]"]'));
    for (const text of ['cat keyset', 'cat app/i', 'cat app/page.tsx'])
      expect(judge(text, [other]).verdict, text).toBe('allow');
  });

  it('[POL3] a forbidden command is found however its paths are spelled', () => {
    const rows = [
      ['rm -rf ~', 'rm -rf ~'],
      ['rm -rf ~', 'rm -rf $HOME/'],
      ['rm -rf ~', 'rm -fr /home/ada'],
      ['rm -rf $HOME', 'rm -rf ~'],
      ['cat ~/.ssh/*', 'cat ~/.ssh/*'],
      ['cat ~/.ssh/*', 'cat /home/ada/.ssh/id'],
      ['cat config/key.txt', 'cat ./config/key.txt'],
      ['cat config/key.txt', 'cat config//key.txt'],
      ['cat config/key.txt', 'cat /srv/project/config/key.txt'],
      ['cat config/key.txt', 'cd config && cat key.txt'],
      ['rm -rf .git', 'rm -rf ./.git'],
      ['rm -rf .git', 'rm -rf $PWD/.git'],
    ] as const;
    for (const [pattern, text] of rows)
      expect(judge(text, [workspace(guardrails(`forbidden_commands: ["${pattern}"]`))]).verdict, text).toBe('deny');
    const other = workspace(guardrails('forbidden_commands: ["cat config/key.txt"]'));
    expect(judge('cat key.txt', [other]).verdict).toBe('allow');
  });

  it('[RUL1] what may run alone may not write into a file by redirection', () => {
    const policy = workspace(`rules: [{ when: 'facts.only_runs(["npm test"])', then: allow, reason: r }]`);
    expect(judge('npm test', [policy]).verdict).toBe('allow');
    expect(judge('npm test 2>/dev/null', [policy]).verdict).toBe('allow');
    for (const text of ['npm test > .git/hooks/pre-commit', 'npm test >> package.json', 'npm test &> Makefile'])
      expect(judge(text, [policy]).verdict, text).toBe('ask');
  });
});
