import { expect, it } from 'vitest';
import { event, person } from '#components/session/session.fixture.ts';
import { phraseText } from '#components/ui/phrase.ts';
import type { SessionEvent } from '#protocol/event.ts';
import { addressOf, exportLine, namesOf, whatOf } from './audit-record.ts';
import type { AuditRecord } from './use-audit.ts';

const actionId = `act_${'0'.repeat(26)}` as never;
const approvalId = `apr_${'0'.repeat(26)}` as never;
const turnId = `trn_${'0'.repeat(26)}` as never;
const stored = { sessionName: 'rates', dedupeKey: 'k', hash: 'h', policyHash: null };
const push = { agent: 'coder', what: 'git push \u202e' };
const record = (fact: SessionEvent, about: AuditRecord['about'] = push) =>
  ({ ...fact, ...stored, about }) as AuditRecord;
const words = (found: AuditRecord) => phraseText(whatOf(found, namesOf([found], [])).text);
const decided = event(
  4,
  'approval.decided',
  {
    ...{ approvalId, actionId, decision: 'approved', note: null, edit: null, subject: '', forSession: false },
    from: '10.0.0.7, Firefox',
  },
  { principal: person.mira },
);

it('[AUD4] every line says what it is about, with hidden characters visible, and from where', () => {
  expect(words(record(decided))).toBe('Approved: git push [U+202E], coder');
  expect(addressOf(record(decided))).toBe('10.0.0.7');
  expect(words(record(event(5, 'approval.shown', { approvalId, actionId })))).toMatch(/^Looked at .*: git push/);
  expect(words(record(event(6, 'action.acted', { actionId, outcome: 'ran' })))).toMatch(/^Action ran: git push/);
  const item = { itemId: `itm_${'0'.repeat(26)}` as never, turnId, parentId: null, command: null, path: null };
  const message = { ...item, kind: 'message', title: 'message' } as const;
  const wrote = event(7, 'item.completed', { ...message, status: 'completed', text: 'All done.', exitCode: null });
  expect(words(record(wrote, null))).toBe('Wrote: All done.');
  const ran = { ...item, kind: 'command', title: 'shell ls', command: 'ls', text: '', exitCode: 2 } as const;
  expect(words(record(event(8, 'item.completed', { ...ran, status: 'completed' }), null))).toBe('Command ls exited 2');
});

it('[AUD6] an exported line has what is stored, and its hash', () => {
  expect(JSON.parse(exportLine(record(decided)))).toMatchObject({
    ...{ chain: decided.sessionId, seq: 4, type: 'approval.decided', dedupeKey: 'k', hash: 'h' },
    payload: { from: '10.0.0.7, Firefox' },
  });
});
