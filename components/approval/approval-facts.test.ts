import { expect, it } from 'vitest';
import type { ApprovalDetail } from '#components/api/api.ts';
import { approvalStatuses } from '#protocol/approval.ts';
import { approvalDetail, demand } from './approval.fixture.ts';
import { effectRows, effectSentence, isEditable, needsOf, outcomeSentence, riskOf, wordsOf } from './approval-facts.ts';

const running = (command: string, ...argv: string[]): ApprovalDetail =>
  approvalDetail({
    command,
    facts: {
      ...{ paths: [], hosts: [], requests: [], unclear: [] },
      commands: [{ program: argv[0] ?? '', argv, unknown: [], effect: 'write', cwd: null, via: [] }],
    },
  });

it('[APR51] words are numbered only where they are all of the text', () => {
  expect(wordsOf(running('git push origin main', 'git', 'push', 'origin', 'main'))).toHaveLength(4);
  for (const other of [
    running('cat notes.txt >> ~/.bashrc', 'cat', 'notes.txt'),
    running('FOO=1 BAR=2 make', 'make'),
    running('cat <<EOF\nrm -rf /\nEOF', 'cat'),
    running('git commit -m "two words"', 'git', 'commit', '-m', 'two words'),
    running('ls -l\n', 'ls', '-l'),
  ])
    expect(wordsOf(other)).toBeNull();
});

it('[APR13] a hidden character in a path is as risky as one in a command, and said', () => {
  const hidden = approvalDetail({ command: null, tool: 'Write', paths: ['a\u202etxt.exe'], effect: 'write' });
  expect([riskOf(hidden), effectSentence(hidden)]).toEqual([3, 'changes files, a hidden character in it']);
  expect(riskOf(approvalDetail({ command: 'touch a\u2800', effect: 'write' }))).toBe(3);
  expect(riskOf(approvalDetail({ command: null, tool: 'Write', paths: ['a.txt'], effect: 'write' }))).toBe(1);
});

it('[WEB81] every outcome of a question is a sentence, and names who decided', () => {
  const said = approvalStatuses.map((status) => outcomeSentence(approvalDetail({ status, decidedBy: 'Jonas' })));
  expect(said).toEqual([
    'It waits for a person.',
    'Jonas has approved it.',
    'Jonas has denied it.',
    'It is not wanted any more.',
    'Nobody decided in time; it was denied.',
    'Jonas has approved it; whether it happened is not known.',
  ]);
  const settled = approvalDetail({ status: 'unknown', settled: { found: 'not-happened', by: 'Mira' } });
  expect(outcomeSentence(settled)).toBe('Mira has looked: it did not happen.');
});

it('[WEB82] what is needed is said with who approved so far', () => {
  const needs = (change: Parameters<typeof approvalDetail>[0]) => needsOf(approvalDetail(change));
  expect(needs({})).toEqual([]);
  expect(needs({ demand: demand({ quorum: 2 }), votes: ['Mira'] })).toEqual(['1 of 2 approvals, by Mira']);
  const escalate = { afterMs: 60_000, to: ['Sara'] };
  expect(needs({ demand: demand({ approvers: ['Jonas'], isFourEyes: true, escalate }) })).toEqual([
    'Only Jonas may approve it',
    'Not whoever started the work',
    'After 1 min also Sara',
  ]);
  expect(needs({ demand: demand({ approvers: ['Jonas'], escalate }), escalatedTo: ['Sara'] })).toEqual([
    'Only Jonas, Sara may approve it',
  ]);
});

it('[WEB83] what several must approve is not edited, nor what is no command', () => {
  expect(isEditable(approvalDetail())).toBe(true);
  expect(isEditable(approvalDetail({ demand: demand({ approvers: ['Jonas'] }) }))).toBe(true);
  expect(isEditable(approvalDetail({ demand: demand({ quorum: 2 }) }))).toBe(false);
  expect(isEditable(approvalDetail({ command: null }))).toBe(false);
});

it('[EGR16] of a connection the whole request is shown, and what its name stands for where that is known', () => {
  const header = { methods: [], hosts: [], holdsSecret: false, isElsewhere: false, isBroken: false };
  const facts = (addresses: string[] | null) => ({
    ...{ commands: [], paths: [], hosts: ['example.org'], unclear: [] },
    requests: [{ method: 'POST', url: 'http://example.org:8080/a?b=1' }],
    connection: { addresses, header },
  });
  const rows = (addresses: string[] | null) => effectRows({ facts: facts(addresses) });
  const network = { effect: 'network', what: 'POST http://example.org:8080/a?b=1' };
  expect(rows(null)).toEqual([network]);
  expect(rows(['10.0.0.1', '1.1.1.1'])).toEqual([network, { effect: 'addresses', what: '10.0.0.1, 1.1.1.1' }]);
});
