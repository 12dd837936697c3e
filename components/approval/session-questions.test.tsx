/** The card of a question, as it is first drawn. */
import type { ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import type { ApprovalDetail } from '#components/api/api.ts';
import { ApiProvider } from '#components/api/provider.tsx';
import { approvalDetail, demand } from './approval.fixture.ts';
import { DecideBar } from './decide-bar.tsx';
import { QuestionCard } from './session-questions.tsx';
import { type Deciding, useDeciding } from './use-decision.ts';

const deciding = (change: Partial<Deciding> = {}): Deciding => ({
  ...{ mode: 'plain', setMode: () => undefined, failure: null, run: () => Promise.resolve() },
  ...{ isDisabled: false, isOffline: false, isPending: false },
  ...change,
});

const drawn = (children: ReactNode): string => renderToStaticMarkup(<ApiProvider>{children}</ApiProvider>);

interface CardChange {
  approval?: ApprovalDetail | null;
  failure?: boolean;
  mode?: Deciding['mode'];
}

function drawCard({ approval = null, failure = false, mode = 'plain' }: CardChange): string {
  const said = { code: 'server.unreachable', message: 'No answer from the server.', isRetryable: true } as const;
  const question = {
    ...{ id: 'apr_1', more: 1, approval, failure: failure ? said : null, retry: () => undefined },
    deciding: deciding({ mode, isDisabled: approval?.status !== 'pending' }),
  };
  return drawn(<QuestionCard question={question} scope="session" />);
}

/** A question as `useDeciding` sees it at first. */
function Fresh({ isOwn }: { isOwn: boolean }) {
  const approval = approvalDetail();
  return <DecideBar approval={approval} deciding={useDeciding(approval, { isOwn })} />;
}

it('[WEB80] a question that came by itself cannot be decided at first, one that was gone to can', () => {
  const buttons = (isOwn: boolean) => drawn(<Fresh isOwn={isOwn} />).match(/<button[^>]*>/g) ?? [];
  expect(buttons(false).map((button) => /disabled=""/.test(button))).toEqual([true, true, true, true]);
  expect(buttons(true).map((button) => /disabled=""/.test(button))).toEqual([false, false, false, false]);
});

it('[WEB81] what is written stays when somebody else decides, and cannot be sent any more', () => {
  const html = drawCard({ approval: approvalDetail({ status: 'approved', decidedBy: 'Jonas' }), mode: 'deny' });
  expect(html).toContain('Jonas has approved it. What you write is not sent.');
  expect(html).toContain('<textarea');
  expect(html).toMatch(/<button type="submit" disabled=""/);
  expect(drawCard({ approval: approvalDetail({ status: 'approved', decidedBy: 'Jonas' }) })).toBe('');
});

it('[WEB82] a card says who approved so far, and what failed', () => {
  const html = drawCard({ approval: approvalDetail({ demand: demand({ quorum: 2 }), votes: ['Mira'] }) });
  expect(html).toContain('1 of 2 approvals, by Mira');
  expect(drawCard({ failure: true })).toMatch(/Question not loaded.*No answer from the server.*Retry/);
});

it('[WEB83] buttons that do not fit what is demanded are not there', () => {
  const words = (change: Parameters<typeof approvalDetail>[0]) =>
    (drawCard({ approval: approvalDetail(change) }).match(/Edit, then approve|Allow for session/g) ?? []).join();
  expect(words({})).toBe('Edit, then approve,Allow for session');
  expect(words({ demand: demand({ approvers: ['Jonas'] }) })).toBe('Edit, then approve');
  expect(words({ demand: demand({ quorum: 2 }) })).toBe('');
  expect(words({ command: null, tool: 'Write', paths: ['a'] })).toBe('Allow for session');
});

it('[WEB84] rule and reasons show each hidden character', () => {
  const html = drawCard({ approval: approvalDetail({ rule: 'a\u202eb', reasons: ['c\u2800d'] }) });
  expect(html).not.toMatch(/[\u202e\u2800]/);
  expect(html).toMatch(/U\+202E.*U\+2800/);
});
