/**
 * Verdicts on actions: the worst of what all rules say of the facts. Allowed is only what is fully understood; what is
 * recognised as forbidden is denied; a person is asked about the rest. Pure.
 */
import type { ActionFacts, CommandFact, PathFact } from '#protocol/action-facts.ts';
import { dollars } from './budget.ts';
import { forbiddenHosts, matchForbidden } from './forbidden.ts';
import { refusedAddress } from './network.ts';
import { runsOnlyOthers } from './open-ended.ts';
import { isNamed } from './path.ts';
import type { Policy, Verdict } from './policy.ts';
import { askRules, noSituation, type Situation } from './rule/index.ts';
import { mutation, ofLevel, type Said, type Say, worst } from './say.ts';
import { hostOf } from './url.ts';

/** Of a command or a use of files. */
export function judgeFacts(
  facts: ActionFacts,
  policies: readonly Policy[],
  situation: Situation = noSituation,
): Verdict {
  const basic = basicOf(policies);
  const inOrder = [...policies.filter((policy) => policy === basic), ...policies.filter((policy) => policy !== basic)];
  const levels = inOrder.map((policy) => saidBy(policy, facts, { situation, isBasic: policy === basic }));
  const unclear = facts.unclear.map((reason) => ({ verdict: 'ask', rule: 'default.unclear', reason }) as const);
  const outside = [...facts.paths.flatMap(outsideBase), ...facts.paths.flatMap(secret)];
  const onlyReads = facts.commands.every(onlyLooks) && facts.paths.every(isLooked);
  const otherwise: Say = onlyReads
    ? { verdict: 'allow', rule: 'default.read-only', reason: 'it only reads, and all of it is understood' }
    : { verdict: 'allow', rule: mutation, reason: 'changes need no approval here, and all of it is understood' };
  const said = [...levels.flatMap((level) => level.said), ...restricted(facts, policies), ...unclear, ...outside];
  return worst({ said, shadow: levels.flatMap(({ shadow }) => shadow) }, otherwise, policies);
}

/** The one that says what holds without being written. */
export const basicOf = (policies: readonly Policy[]): Policy | undefined =>
  policies.find(({ level }) => level === 'workspace') ?? policies[0];

/**
 * All that one policy says. What a rule of it allows is not asked about for being a change, or for not being known. What holds
 * without being written is said once, by the basic one.
 */
function saidBy(
  policy: Policy,
  facts: ActionFacts,
  { situation, isBasic }: { situation: Situation; isBasic: boolean },
): Said {
  const { word, shadow } = askRules(policy.rules, facts, situation);
  const guards = [...forbidden(facts, policy), ...network(facts, policy), ...overBudget(situation, policy)];
  const usual =
    word?.verdict === 'allow' ? [] : effects(facts, policy).filter(({ rule }) => isBasic || ofMutation.has(rule));
  const said = [...(word ? [word] : []), ...guards, ...usual];
  return {
    said: said.map((each) => ofLevel(each, policy)),
    shadow: shadow.map((each) => ({ ...each, ...ofLevel(each, policy) })),
  };
}

const forbidden = (facts: ActionFacts, { forbiddenCommands, base, home }: Policy): Say[] =>
  forbiddenCommands.flatMap((pattern, index): Say[] => {
    const match = matchForbidden(pattern, facts, { base, home });
    const rule = `security_guardrails.forbidden_commands[${index}]`;
    if (match?.isCertain) return [{ verdict: 'deny', rule, reason: `it is forbidden: ${pattern}` }];
    if (match) return [{ verdict: 'ask', rule, reason: `it may be what is forbidden: ${pattern}` }];
    const host = forbiddenHosts(pattern);
    const isHit = host && facts.hosts.some((each) => host.host.test(each));
    return isHit ? [{ verdict: 'ask', rule, reason: `it speaks to a host of a forbidden command: ${pattern}` }] : [];
  });

/** Each path that is restricted, by whom it is. */
const restricted = ({ paths }: ActionFacts, policies: readonly Policy[]): Say[] =>
  paths
    .filter((path) => path.restricted)
    .flatMap((path) => {
      const reason = `${path.path} is restricted, or holds what is`;
      const named = policies.flatMap((policy) => indexOf(path, policy).map((index) => ({ policy, index })));
      const blamed = named.length > 0 ? named : blamedFor(policies);
      return blamed.map(({ policy, index }) => {
        const which = index === null ? '' : `[${index}]`;
        return ofLevel<Say>({ verdict: 'deny', rule: `security_guardrails.restricted_paths${which}`, reason }, policy);
      });
    });

function indexOf({ real }: PathFact, { restrictedPaths }: Policy): number[] {
  const index = restrictedPaths.findIndex(({ absolute }) => real !== null && isNamed(real, absolute));
  return index < 0 ? [] : [index];
}

/** Those that restrict anything, where the path's name does not tell: it holds what is restricted, or is the same file. */
function blamedFor(policies: readonly Policy[]): { policy: Policy; index: number | null }[] {
  const restricting = policies.filter(({ restrictedPaths }) => restrictedPaths.length > 0);
  const blamed = restricting.length > 0 ? restricting : policies.slice(0, 1);
  return blamed.map((policy) => ({ policy, index: policy.restrictedPaths.length === 1 ? 0 : null }));
}

function network({ hosts, requests }: ActionFacts, policy: Policy): Say[] {
  if (hosts.length === 0) return [];
  if (!policy.allowsNetwork) {
    return [{ verdict: 'deny', rule: 'workspace.allow_network_access', reason: 'the network is switched off' }];
  }
  return requests.flatMap(({ url }): Say[] => {
    // Words with blanks are sentences that begin with an address.
    const why = /^https?:\S*$/i.test(url) ? refusedAddress(url) : null;
    return why === null
      ? []
      : [{ verdict: 'deny', rule: 'default.private-address', reason: `${hostOf(url) ?? url}: ${why}` }];
  });
}

/** Nothing more is done once the money is spent, as far as calls have a price. */
function overBudget({ state }: Situation, { maxBudgetMicroUsd: cap, onLimit }: Policy): Say[] {
  if (cap === null || state.spentMicroUsd < cap) return [];
  const reason = `${dollars(state.spentMicroUsd)} of ${dollars(cap)} are spent`;
  return [{ verdict: 'deny', rule: 'cost_control.max_budget_usd', reason, isPausing: onLimit.kind === 'pause' }];
}

/** What a level says that wants to be asked before changes. */
const ofMutation: ReadonlySet<string> = new Set([mutation, 'default.executes']);

/** What each command does at worst; a tool that speaks to the network is none. */
const effects = ({ commands, paths, hosts }: ActionFacts, policy: Policy): Say[] => [
  ...commands.flatMap((command) => effectOf(command, policy)),
  ...(commands.length === 0 && hosts.length > 0
    ? [{ verdict: 'ask', rule: 'default.network', reason: 'it speaks to the network' } as const]
    : []),
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

function pathEffectOf({ effect, path, isInBase, real }: PathFact, policy: Policy): Say[] {
  const isChange = effect === 'write' || effect === 'delete';
  if (!isChange || !policy.asksBeforeMutation) return [];
  return isInBase && real?.startsWith('/dev/')
    ? []
    : [{ verdict: 'ask', rule: mutation, reason: `${path} is changed` }];
}

/** By itself; what it runs is another command. */
const onlyLooks = ({ effect, program }: CommandFact): boolean =>
  effect === 'read' || (effect === 'execute' && runsOnlyOthers.has(program));

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
