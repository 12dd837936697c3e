/** The verdict on any action by its facts, and whether it would be the same for every further one like it. Pure. */
import type { ActionFacts } from '#protocol/action-facts.ts';
import { judgeFacts } from './judge.ts';
import { judgeRequest } from './judge-request.ts';
import type { Policy, Verdict } from './policy.ts';
import type { Situation } from './rule/index.ts';

/** Of a request that is about to be sent by itself; of a command, a use of files or a tool by all that it touches. */
export const judgeAction = (facts: ActionFacts, policies: readonly Policy[], situation: Situation): Verdict =>
  facts.connection ? judgeRequest(facts, policies, situation) : judgeFacts(facts, policies, situation);

/** Names in a condition by which requests with the same method to the same host and port differ. */
const ofMoment = /\b(?:session|now)\b/;
const ofAddress = /\b(?:session|now|url|outgoing)\b/;

/**
 * Whether these rules say the same of every request with the same agent, method, host, port and header facts, whenever it is
 * sent. The address of an encrypted connection is its host and port, so rules about addresses vary nothing there.
 */
export function isLasting({ requests }: ActionFacts, policies: readonly Policy[]): boolean {
  const varying = requests[0]?.method === 'CONNECT' ? ofMoment : ofAddress;
  return policies.every(
    ({ rules, onSurprise }) =>
      onSurprise !== 'ask' && rules.every(({ when, isShadow }) => isShadow || !varying.test(when)),
  );
}
