import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import { noFacts } from '#protocol/action-facts.ts';
import { Result } from './test-box.tsx';
import { Changes } from './time-machine.tsx';

it('[WEB60] an answer that is about something else is not green', () => {
  const result = { verdict: 'allow', rule: 'default.read', reasons: [], policyHash: '', facts: noFacts } as const;
  const drawn = (isOld: boolean) => renderToStaticMarkup(<Result result={result as never} isOld={isOld} />);
  expect(drawn(false)).toContain('bg-done-tint');
  expect(drawn(true)).not.toContain('bg-done-tint');
  expect(drawn(true)).toContain('aria-busy="true"');
});

it('[WEB60] a replay says which changes it does not list, and that older actions were left out', () => {
  const change = (actionId: string) => ({
    ...{ actionId, at: '', tool: 'shell', command: 'ls', paths: [] },
    before: { verdict: 'allow', rule: 'default.read', reasons: [], policyHash: '' },
    after: { verdict: 'deny', rule: 'session.rules[0]', reasons: [], policyHash: '' },
  });
  const replay = {
    ...{ sessionId: 'ses_1', sessionName: 'rates', actions: 900, isCut: true },
    counts: [{ from: 'allow', to: 'deny', count: 300 }],
    changes: [change('act_1'), change('act_2')],
  };
  const drawn = renderToStaticMarkup(<Changes replays={[replay] as never} isStale={false} />);
  expect(drawn).toContain('300 would be judged otherwise');
  expect(drawn).toContain('and 298 more, not listed');
  expect(drawn).toContain('older actions of long sessions were left out');
  expect(drawn).toContain('session.rules[0]');
});
