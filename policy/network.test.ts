/** Requests to the network, by all that says where they go and what they do there. */
import { expect, it } from 'vitest';
import { workspaceRowSchema } from '#protocol/workspace-file.ts';
import { baseOf, compilePolicy } from './file/index.ts';
import { judgeRequest } from './judge-request.ts';
import { noSituation } from './rule/index.ts';
import { type NetworkRequest, requestFacts } from './subject.ts';
import { policies } from './testing-policies.ts';

const sample = workspaceRowSchema.parse(policies.sample);
const policy = compilePolicy(sample, baseOf(sample, { root: '/srv/project', home: '/home/ada' }) ?? '/', '/home/ada');
const judge = (request: Partial<NetworkRequest>) =>
  judgeRequest(
    requestFacts({ method: 'GET', url: 'https://packages.example.com/x', ...request }),
    [policy],
    noSituation,
  );

it('[POL20] the header of a request counts as its address and its method do', () => {
  expect(judge({ headers: { Accept: '*/*', Host: 'packages.example.com:443' } }).verdict).toBe('allow');
  expect(judge({ headers: { host: '169.254.169.254' } })).toMatchObject({
    ...{ verdict: 'deny', rule: 'default.private-address' },
  });
  expect(judge({ headers: { Host: 'other.example.com' } })).toMatchObject({
    ...{ verdict: 'ask', reasons: ['its header asks for another address'] },
  });
  expect(judge({ headers: { 'X-HTTP-Method-Override': 'delete' } })).toMatchObject({
    ...{ verdict: 'ask', rule: 'security_guardrails.require_human_approval_on_mutation' },
  });
  const forbidden = { Host: ['malicious-actor.com'], 'X-HTTP-Method': 'POST' };
  expect(judge({ headers: forbidden })).toMatchObject({
    ...{ verdict: 'deny', rule: 'security_guardrails.forbidden_commands[2]' },
  });
  expect(judge({ headers: { 'X-A': 'b\r\nHost: x' } })).toMatchObject({ verdict: 'deny', rule: 'input.invalid' });
  expect(judge({ headers: { Cookie: 'token=0123456789abcdef' } }).rule).toBe('default.secret');
});

it('[POL21] an address that clients could read differently, or that is not spelled out, is refused', () => {
  expect(judge({ url: 'https://example.com\\@10.0.0.1/' }).verdict).toBe('deny');
  expect(judge({ addresses: ['8.8.8.8', '127.1'] })).toMatchObject({
    ...{ verdict: 'deny', reasons: ['127.1: it is no IP address'] },
  });
  expect(judge({ addresses: [] }).verdict).toBe('ask');
  expect(judge({ url: 'http://packages.example.com:6379/' })).toMatchObject({
    verdict: 'ask',
    rule: 'default.network',
  });
});

it('[POL22] a redirect is judged by where it leads from the address', () => {
  expect(judge({ redirectTo: '/login' }).verdict).toBe('allow');
  expect(judge({ redirectTo: '//10.0.0.1/login' }).verdict).toBe('deny');
  expect(judge({ url: 'http://10.0.0.1/', redirectTo: '/login' }).verdict).toBe('deny');
});
