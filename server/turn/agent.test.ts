/** Names that agents get, and may not have. */
import { expect, it } from 'vitest';
import { shellAgent } from '#protocol/egress-text.ts';
import { noTurns } from '#protocol/turn-view.ts';
import { agentEvents, agentNameFor } from './agent.ts';

it('[EGR8] no agent is called as shells of people are, whose connections nobody is asked about', () => {
  expect([agentNameFor('acp:shell'), agentNameFor('shell-x'), agentNameFor('acp:coder')]).toEqual([
    ...['agent', 'agent', 'coder'],
  ]);
  const add = (agent: string) => agentEvents(noTurns, { agent, harness: 'acp:example' }, 'ada', (harness) => harness);
  expect(() => add(shellAgent)).toThrow(/that is what shells of people are called/);
  expect(add('coder')).toMatchObject([{ type: 'agent.added', payload: { agent: 'coder' } }]);
});
