/** Verdicts on requests to the network by themselves: their addresses, method and header, and where they are sent on to. Pure. */
import type { ActionFacts } from '#protocol/action-facts.ts';
import { forbiddenHosts } from './forbidden.ts';
import { type HeaderView, readHeaders } from './header.ts';
import {
  isIp,
  type NetworkRequest,
  refusedAddress,
  refusedIp,
  resolveUrl,
  spellsPrivate,
  unusualPort,
} from './network.ts';
import type { Policy, Verdict } from './policy.ts';
import { askRules, type Situation } from './rule/index.ts';
import { mutation, ofLevel, type Say, worst } from './say.ts';
import { hostOf } from './url.ts';

const harmless = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Of a request to the network by itself, by its header too, and of where it is sent on to. */
export function judgeRequest(
  request: NetworkRequest,
  policies: readonly Policy[],
  { facts, situation }: { facts: ActionFacts; situation: Situation },
): Verdict {
  const ruled = policies.map((policy) => ({ policy, ...askRules(policy.rules, facts, situation) }));
  const words = ruled.flatMap(({ word, policy }) => (word ? [ofLevel<Say>(word, policy)] : []));
  const header = readHeaders(request.headers);
  const methods = [request.method.toUpperCase(), ...header.methods];
  const switchedOff: Say[] = policies.flatMap((policy) =>
    policy.allowsNetwork
      ? []
      : [{ verdict: 'deny', rule: 'workspace.allow_network_access', reason: 'the network is switched off' }],
  );
  const isAllowed = words.some(({ verdict }) => verdict === 'allow');
  const said = [
    ...[...words, ...switchedOff],
    ...addressesOf(request, header).flatMap((url) => ofAddress(url, methods, policies)),
    ...ofResolved(request.resolvedIps),
    ...methods.flatMap((method) => ofMethod(method, isAllowed)),
    ...ofHeader(request.url, header),
  ];
  const otherwise: Say = { verdict: 'allow', rule: 'default.read-only', reason: `${methods[0]} to a public address` };
  return worst({ said, shadow: ruled.flatMap(({ shadow }) => shadow) }, otherwise, policies);
}

/** Where it goes, where it is sent on to, and whom its header asks for. */
function addressesOf({ url, redirectTo }: NetworkRequest, { hosts }: HeaderView): string[] {
  const from = URL.canParse(url) ? new URL(url) : null;
  const isPlain = redirectTo !== undefined && from !== null && refusedAddress(url) === null;
  const onward = redirectTo === undefined ? [] : [isPlain ? (resolveUrl(redirectTo, url) ?? redirectTo) : redirectTo];
  return [url, ...onward, ...hosts.map((host) => `${from?.protocol ?? 'https:'}//${host}/`)];
}

function ofAddress(url: string, methods: readonly string[], policies: readonly Policy[]): Say[] {
  const name = hostOf(url) ?? url;
  const why = refusedAddress(url);
  const port = why === null ? unusualPort(url) : null;
  const said = policies.flatMap((policy) => methods.flatMap((method) => forbiddenRequest(method, url, policy)));
  if (why !== null) said.push({ verdict: 'deny', rule: 'default.private-address', reason: `${name}: ${why}` });
  else if (spellsPrivate(url))
    said.push({ verdict: 'ask', rule: 'default.private-address', reason: `${name} spells a private address` });
  if (port !== null)
    said.push({ verdict: 'ask', rule: 'default.network', reason: `port ${port} is not one of the web` });
  return said;
}

const ofResolved = (addresses: readonly string[] | undefined): Say[] => {
  if (addresses?.length === 0)
    return [{ verdict: 'ask', rule: 'default.unclear', reason: 'its name stands for no address' }];
  return (addresses ?? []).flatMap((address): Say[] => {
    const why = refusedIp(address) ?? (isIp(address) ? null : 'it is no IP address');
    return why === null ? [] : [{ verdict: 'deny', rule: 'default.private-address', reason: `${address}: ${why}` }];
  });
};

function ofMethod(method: string, isAllowed: boolean): Say[] {
  if (!/^[A-Z]{1,20}$/.test(method)) return [{ verdict: 'deny', rule: 'input.invalid', reason: 'the method is none' }];
  if (harmless.has(method) || isAllowed) return [];
  return [{ verdict: 'ask', rule: mutation, reason: `${method} may change something there` }];
}

function ofHeader(url: string, { hosts, isElsewhere, isBroken, holdsSecret }: HeaderView): Say[] {
  const isOther = hosts.some((host) => hostOf(`http://${host}/`) !== hostOf(url));
  return [
    ...(isBroken ? [{ verdict: 'deny', rule: 'input.invalid', reason: 'the header is none' } as const] : []),
    ...(isOther || isElsewhere
      ? [{ verdict: 'ask', rule: 'default.unclear', reason: 'its header asks for another address' } as const]
      : []),
    ...(holdsSecret ? [{ verdict: 'ask', rule: 'default.secret', reason: 'its header holds a key' } as const] : []),
  ];
}

const forbiddenRequest = (method: string, url: string, { forbiddenCommands }: Policy): Say[] =>
  forbiddenCommands.flatMap((pattern, index): Say[] => {
    const forbidden = forbiddenHosts(pattern);
    const host = hostOf(url);
    if (!forbidden || host === null || !forbidden.host.test(host)) return [];
    const rule = `security_guardrails.forbidden_commands[${index}]`;
    const isSame = forbidden.method === null || forbidden.method === method;
    return [
      { verdict: isSame ? 'deny' : 'ask', rule, reason: `${host} is the host of a forbidden command: ${pattern}` },
    ];
  });
