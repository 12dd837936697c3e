/**
 * Verdicts on requests to the network by themselves: their addresses, method and header, and where they are sent on to. Of an
 * encrypted connection (method CONNECT) only host and port show: whatever a rule says of a method may be about it. Pure.
 */
import type { ActionFacts, HeaderFact } from '#protocol/action-facts.ts';
import { forbiddenHosts } from './forbidden.ts';
import { isIp, refusedAddress, refusedIp, spellsPrivate, unusualPort } from './network.ts';
import type { Policy, Verdict } from './policy.ts';
import { askRules, type Rule, type RuleWord, type Situation } from './rule/index.ts';
import { mutation, ofLevel, type Say, worst } from './say.ts';
import { hostOf } from './url.ts';

const harmless = new Set(['GET', 'HEAD', 'OPTIONS']);
/** The method of an encrypted connection. */
const tunnel = 'CONNECT';
/** What it may carry. */
const carried = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** A rule that names it has been written for what does not show. */
const namesTunnel = /\bCONNECT\b/;

const noHeader: HeaderFact = { methods: [], hosts: [], holdsSecret: false, isElsewhere: false, isBroken: false };

/** Of the request that `facts` say, by its header too, and of where it is sent on to. */
export function judgeRequest(facts: ActionFacts, policies: readonly Policy[], situation: Situation): Verdict {
  const [request] = facts.requests;
  const { addresses = null, header = noHeader } = facts.connection ?? {};
  const methods = [(request?.method ?? '').toUpperCase(), ...header.methods];
  const url = request?.url ?? '';
  const ruled = policies.map((policy) => ({ policy, ...saidOf(facts, policy, situation) }));
  const words = ruled.flatMap(({ said, policy }) => said.map((word) => ofLevel<Say>(word, policy)));
  const isAllowed = words.some(({ verdict }) => verdict === 'allow');
  const allowing = ruled.flatMap(({ said, policy }) =>
    policy.rules.filter(({ name }) => said.some(({ verdict, rule }) => verdict === 'allow' && rule === name)),
  );
  const said = [
    ...[...words, ...policies.flatMap(switchedOff)],
    ...addressesOf(facts, header).flatMap((each) => ofAddress(each, methods, policies, allowing)),
    ...ofResolved(addresses),
    ...methods.flatMap((method) => ofMethod(method, isAllowed)),
    ...ofHeader(url, header),
  ];
  const otherwise: Say = { verdict: 'allow', rule: 'default.read-only', reason: `${methods[0]} to a public address` };
  return worst({ said, shadow: ruled.flatMap(({ shadow }) => shadow) }, otherwise, policies);
}

const switchedOff = ({ allowsNetwork }: Policy): Say[] =>
  allowsNetwork
    ? []
    : [{ verdict: 'deny', rule: 'workspace.allow_network_access', reason: 'the network is switched off' }];

/** What the rules of one policy say; of an encrypted connection also what they ask or deny of anything that it may carry. */
function saidOf(
  facts: ActionFacts,
  { rules }: Policy,
  situation: Situation,
): { said: readonly RuleWord[]; shadow: RuleWord[] } {
  const { word, shadow } = askRules(rules, facts, situation);
  const said = word ? [word] : [];
  if (facts.requests[0]?.method !== tunnel) return { said, shadow };
  const others = rules.filter(({ when }) => !namesTunnel.test(when));
  const hidden = carried.flatMap((method) => {
    const requests = facts.requests.map((each) => ({ ...each, method }));
    return askRules(others, { ...facts, requests }, situation).word ?? [];
  });
  const more = hidden.filter(({ verdict, rule }, index) => {
    return verdict !== 'allow' && word?.rule !== rule && hidden.findIndex((each) => each.rule === rule) === index;
  });
  return { said: [...said, ...more], shadow };
}

/** Where it goes, where it is sent on to, and whom its header asks for. */
function addressesOf({ requests }: ActionFacts, { hosts }: HeaderFact): string[] {
  const urls = requests.map(({ url }) => url);
  const [first = ''] = urls;
  const scheme = URL.canParse(first) ? new URL(first).protocol : 'https:';
  return [...urls, ...hosts.map((host) => `${scheme}//${host}/`)];
}

function ofAddress(
  url: string,
  methods: readonly string[],
  policies: readonly Policy[],
  allowing: readonly Rule[],
): Say[] {
  const name = hostOf(url) ?? url;
  const why = refusedAddress(url);
  const port = why === null ? unusualPort(url) : null;
  const said = policies.flatMap((policy) => methods.flatMap((method) => forbiddenRequest(method, url, policy)));
  if (why !== null) said.push({ verdict: 'deny', rule: 'default.private-address', reason: `${name}: ${why}` });
  else if (spellsPrivate(url))
    said.push({ verdict: 'ask', rule: 'default.private-address', reason: `${name} spells a private address` });
  if (port !== null && !allowing.some((rule) => namesPort(rule, port)))
    said.push({ verdict: 'ask', rule: 'default.network', reason: `port ${port} is not one of the web` });
  return said;
}

/** Whoever allows something at a port must say which. */
const namesPort = ({ when }: Rule, port: string): boolean => new RegExp(`(?<![\\w.])${port}(?![\\w.])`).test(when);

const ofResolved = (addresses: readonly string[] | null): Say[] => {
  if (addresses?.length === 0)
    return [{ verdict: 'ask', rule: 'default.unclear', reason: 'its name stands for no address' }];
  return (addresses ?? []).flatMap((address): Say[] => {
    const why = refusedResolved(address);
    return why === null ? [] : [{ verdict: 'deny', rule: 'default.private-address', reason: `${address}: ${why}` }];
  });
};

/** Why nothing is sent to what a name stands for; null: it is a public address, written out in full. */
export const refusedResolved = (address: string): string | null =>
  refusedIp(address) ?? (isIp(address) ? null : 'it is no IP address');

function ofMethod(method: string, isAllowed: boolean): Say[] {
  if (!/^[A-Z]{1,20}$/.test(method)) return [{ verdict: 'deny', rule: 'input.invalid', reason: 'the method is none' }];
  if (harmless.has(method) || isAllowed) return [];
  const reason =
    method === tunnel
      ? 'what an encrypted connection carries does not show, and may change something there'
      : `${method} may change something there`;
  return [{ verdict: 'ask', rule: mutation, reason }];
}

function ofHeader(url: string, { hosts, isElsewhere, isBroken, holdsSecret }: HeaderFact): Say[] {
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
    const isSame = forbidden.method === null || forbidden.method === method || method === tunnel;
    const hidden =
      method === tunnel && forbidden.method !== null ? ', and the method of an encrypted connection does not show' : '';
    const reason = `${host} is the host of a forbidden command${hidden}: ${pattern}`;
    return [{ verdict: isSame ? 'deny' : 'ask', rule, reason }];
  });
