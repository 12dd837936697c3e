/**
 * Verdicts on actions: the worst of what all rules say of the facts. Allowed is only what is fully understood; what is
 * recognised as forbidden is denied; a person is asked about the rest. Pure.
 */
import type { ActionFacts, CommandFact, PathFact } from '#protocol/action-facts.ts';
import { forbiddenHosts, matchForbidden } from './forbidden.ts';
import { type NetworkRequest, refusedAddress, refusedIp } from './network.ts';
import { isWithin, patternToRegExp } from './path.ts';
import type { Policy, Verdict, VerdictWord } from './policy.ts';
import { hostOf } from './url.ts';

interface Say {
  verdict: VerdictWord;
  rule: string;
  reason: string;
}

const severity: readonly VerdictWord[] = ['deny', 'ask', 'allow'];

/** The worst that is said; without a word `otherwise`. */
function worst(said: readonly Say[], otherwise: Say, policyHash: string): Verdict {
  const verdict = severity.find((word) => said.some((each) => each.verdict === word)) ?? otherwise.verdict;
  const those = said.filter((each) => each.verdict === verdict);
  const { rule } = those[0] ?? otherwise;
  const reasons = [...new Set((those.length > 0 ? those : [otherwise]).map(({ reason }) => reason))];
  return { verdict, rule, reasons: reasons.slice(0, 20), policyHash };
}

/** Of a command or a use of files. */
export function judgeFacts(facts: ActionFacts, policies: readonly Policy[]): Verdict {
  const said = policies.flatMap((policy) => [
    ...forbidden(facts, policy),
    ...restricted(facts, policy),
    ...network(facts, policy),
    ...effects(facts, policy),
  ]);
  const unclear = facts.unclear.map((reason) => ({ verdict: 'ask', rule: 'default.unclear', reason }) as const);
  const outside = [...facts.paths.flatMap(outsideBase), ...facts.paths.flatMap(secret)];
  const onlyReads = facts.commands.every(({ effect }) => effect === 'read') && facts.paths.every(isLooked);
  const otherwise: Say = onlyReads
    ? { verdict: 'allow', rule: 'default.read-only', reason: 'it only reads, and all of it is understood' }
    : { verdict: 'allow', rule: mutation, reason: 'changes need no approval here, and all of it is understood' };
  return worst([...said, ...unclear, ...outside], otherwise, hashOf(policies));
}

/** One hash names all policies that were judged by. */
const hashOf = (policies: readonly Policy[]): string => policies.map(({ hash }) => hash).join(' ');

const forbidden = (facts: ActionFacts, { forbiddenCommands }: Policy): Say[] =>
  forbiddenCommands.flatMap((pattern, index): Say[] => {
    const match = matchForbidden(pattern, facts);
    const rule = `security_guardrails.forbidden_commands[${index}]`;
    if (match?.isCertain) return [{ verdict: 'deny', rule, reason: `it is forbidden: ${pattern}` }];
    if (match) return [{ verdict: 'ask', rule, reason: `it may be what is forbidden: ${pattern}` }];
    const host = forbiddenHosts(pattern);
    const isHit = host && facts.hosts.some((each) => host.host.test(each));
    return isHit ? [{ verdict: 'ask', rule, reason: `it speaks to a host of a forbidden command: ${pattern}` }] : [];
  });

const restricted = ({ paths }: ActionFacts, policy: Policy): Say[] =>
  paths
    .filter((path) => path.restricted)
    .map((path) => ({
      verdict: 'deny',
      rule: restrictedRule(path, policy),
      reason: `${path.path} is restricted, or holds what is`,
    }));

/** Which of the restricted paths it is; the first where that cannot be told. */
function restrictedRule({ real }: PathFact, { restrictedPaths }: Policy): string {
  const index = restrictedPaths.findIndex(
    ({ absolute }) => real !== null && (isWithin(real, absolute) || patternToRegExp(absolute).test(real)),
  );
  return `security_guardrails.restricted_paths[${Math.max(0, index)}]`;
}

function network({ hosts, requests }: ActionFacts, policy: Policy): Say[] {
  if (hosts.length === 0) return [];
  if (!policy.allowsNetwork) {
    return [{ verdict: 'deny', rule: 'workspace.allow_network_access', reason: 'the network is switched off' }];
  }
  return requests.flatMap(({ url }): Say[] => {
    const why = /^https?:/i.test(url) ? refusedAddress(url) : null;
    return why === null
      ? []
      : [{ verdict: 'deny', rule: 'default.private-address', reason: `${hostOf(url) ?? url}: ${why}` }];
  });
}

const mutation = 'security_guardrails.require_human_approval_on_mutation';

/** What each command does at worst. */
const effects = ({ commands, paths }: ActionFacts, policy: Policy): Say[] => [
  ...commands.flatMap((command) => effectOf(command, policy)),
  ...paths.flatMap((path) => pathEffectOf(path, policy)),
];

function effectOf({ effect, program }: CommandFact, policy: Policy): Say[] {
  const ask = (rule: string, reason: string): Say[] => [{ verdict: 'ask', rule, reason }];
  const name = program || 'a program that is not known';
  if (effect === 'unknown') return ask('default.unknown-program', `what ${name} does is not known`);
  if (effect === 'network') return ask('default.network', `${name} speaks to the network`);
  if (effect === 'write' && policy.asksBeforeMutation) return ask(mutation, `${name} changes something`);
  if (effect !== 'execute' || runsOnlyOthers.has(program)) return [];
  return policy.asksBeforeMutation ? ask('default.executes', `${name} runs what the project says`) : [];
}

/** What they run is judged by itself. */
export const runsOnlyOthers = new Set(
  'nohup setsid nice ionice timeout stdbuf time command builtin exec env xargs find bash sh dash zsh eval watch busybox coproc chrt taskset'.split(
    ' ',
  ),
);

function pathEffectOf({ effect, path, isInBase, real }: PathFact, policy: Policy): Say[] {
  const isChange = effect === 'write' || effect === 'delete';
  if (!isChange || !policy.asksBeforeMutation) return [];
  return isInBase && real?.startsWith('/dev/')
    ? []
    : [{ verdict: 'ask', rule: mutation, reason: `${path} is changed` }];
}

const isLooked = ({ effect }: PathFact): boolean => effect === 'read' || effect === 'list';

/** Files that hold keys and passwords by custom, wherever they lie. */
const secretNames =
  /(?:^|\/)(?:\.git-credentials|\.git\/config|\.netrc|\.npmrc|\.pypirc|\.pgpass|\.env(?:\.[\w-]+)?|\.htpasswd|id_(?:rsa|dsa|ecdsa|ed25519)|[^/]+\.(?:pem|key|p12|pfx|keystore|jks))$/i;

const secret = ({ path, real, effect }: PathFact): Say[] =>
  effect !== 'list' && secretNames.test(real ?? path)
    ? [{ verdict: 'ask', rule: 'default.secret', reason: `${path} holds secrets by custom` }]
    : [];

const outsideBase = ({ isInBase, path }: PathFact): Say[] =>
  isInBase
    ? []
    : [
        {
          verdict: 'ask',
          rule: 'default.outside-base',
          reason: `${path} lies outside of the folder that agents work in`,
        },
      ];

const harmless = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Of a request to the network by itself, and of where it is sent on to. */
export function judgeRequest(request: NetworkRequest, policies: readonly Policy[]): Verdict {
  const method = request.method.toUpperCase();
  const urls = [request.url, ...(request.redirectTo === undefined ? [] : [request.redirectTo])];
  const said: Say[] = policies.flatMap((policy) =>
    policy.allowsNetwork
      ? []
      : [{ verdict: 'deny', rule: 'workspace.allow_network_access', reason: 'the network is switched off' }],
  );
  for (const url of urls) {
    const why = refusedAddress(url);
    if (why !== null)
      said.push({ verdict: 'deny', rule: 'default.private-address', reason: `${hostOf(url) ?? url}: ${why}` });
    for (const policy of policies) said.push(...forbiddenRequest(method, url, policy));
  }
  for (const address of request.resolvedIps ?? []) {
    const why = refusedIp(address);
    if (why !== null) said.push({ verdict: 'deny', rule: 'default.private-address', reason: `${address}: ${why}` });
  }
  if (!/^[A-Z]{1,20}$/.test(method))
    said.push({ verdict: 'deny', rule: 'input.invalid', reason: 'the method is none' });
  else if (!harmless.has(method))
    said.push({ verdict: 'ask', rule: mutation, reason: `${method} may change something there` });
  const otherwise: Say = { verdict: 'allow', rule: 'default.read-only', reason: `${method} to a public address` };
  return worst(said, otherwise, hashOf(policies));
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
