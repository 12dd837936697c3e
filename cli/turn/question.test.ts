/** A yes that was said before, against a server that is played. */
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import type { SessionEvent } from '#protocol/event.ts';
import type { Api } from '../api/client.ts';
import { sayYes } from './question.ts';

const mutation = 'security_guardrails.require_human_approval_on_mutation';

async function answer(yesTo: string, rules: string[] | undefined, status = 'approved') {
  const decided: unknown[] = [];
  const decide = {
    mutate: async (request: unknown) => {
      decided.push(request);
      return { status };
    },
  };
  const api = { call: { approval: { decide } } } as unknown as Api;
  const io = { stderr: new PassThrough() } as never;
  const payload = { approvalId: 'apr_1', rule: rules?.[0] ?? mutation, rules, hash: 'f'.repeat(64) };
  const event = { payload } as unknown as SessionEvent & { type: 'approval.requested' };
  return { isYes: await sayYes({ api, io, yesTo }, event), votes: decided.length };
}

it('[APR26] --yes-to approves what its rules alone ask about, and nothing that another asks about as well', async () => {
  expect(await answer(mutation, [mutation])).toEqual({ isYes: true, votes: 1 });
  for (const other of ['default.outside-base', 'default.secret', 'default.unclear', 'server.rules[0]']) {
    expect(await answer(mutation, [mutation, other]), other).toEqual({ isYes: false, votes: 0 });
  }
  expect(await answer('default.*', ['default.executes', mutation])).toEqual({ isYes: false, votes: 0 });
  expect(await answer(`default.executes,${mutation}`, ['default.executes', mutation])).toEqual({
    isYes: true,
    votes: 1,
  });
  // Which rules ask is not known: a server of before.
  expect(await answer(mutation, undefined)).toEqual({ isYes: false, votes: 0 });
});

it('[APR26] a vote that is one of several that are needed leaves it waiting', async () => {
  expect(await answer('*', [mutation], 'pending')).toEqual({ isYes: false, votes: 1 });
});
