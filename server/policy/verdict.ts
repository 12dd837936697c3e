/** What the rules in force say of an action, unless a person has allowed it for the session. Pure. */
import { reactionOf, surpriseText } from '#policy/effect.ts';
import { basicOf } from '#policy/judge.ts';
import { isLasting, judgeAction } from '#policy/judge-action.ts';
import type { Policy, Verdict } from '#policy/policy.ts';
import { mergeDemands } from '#policy/rule/demand.ts';
import type { Situation } from '#policy/rule/index.ts';
import { hashOf } from '#policy/say.ts';
import { isSilent } from '#policy/silent.ts';
import type { ActionFacts } from '#protocol/action-facts.ts';
import { allowedBy } from '#protocol/action-view.ts';
import { shellAgent, shellWords } from '#protocol/egress-text.ts';
import { noPolicyState, type PolicyState, toolOf } from '#protocol/policy-state.ts';
import type { SessionView } from '#protocol/session-view.ts';
import { surpriseRule } from '#protocol/surprise-view.ts';
import type { Judgement, ProposedAction } from '#server/turn/index.ts';
import { allowanceFor } from './allowance.ts';

type Asked = Pick<ProposedAction, 'kind' | 'tool' | 'toolKind' | 'agent' | 'command' | 'paths' | 'cwd' | 'input'>;

/** What rules may ask about beside the facts. */
export const situationOf = (
  { kind, agent, command, paths, cwd, input, ...named }: Asked,
  { members }: Pick<SessionView, 'members'>,
  { state = noPolicyState, atMs }: { state?: PolicyState | undefined; atMs: number },
): Situation => ({
  ...{ kind, tool: toolOf(named), input, agent, command, paths, cwd, state, atMs },
  startedBy: members.find(({ personId }) => personId === state.startedBy)?.name ?? '',
});

const noSandboxRule = 'default.no-sandbox';

/** Nothing judges; what is done is recorded. */
const recorded: Verdict = { verdict: 'allow', rule: 'default.record', reasons: [], policyHash: '' };

/** An address that is not public is refused, whether or not anything judges. */
function unruled(facts: ActionFacts | null, situation: Situation): Verdict {
  const said = facts?.connection ? judgeAction(facts, [], situation) : recorded;
  return said.verdict === 'deny' ? said : recorded;
}

/** What the rules alone say. Levels that hold only rules in the shadow add what these would say, and nothing else. */
export function ruled(
  action: Pick<ProposedAction, 'kind' | 'tool'>,
  facts: ActionFacts | null,
  policies: readonly Policy[],
  situation: Situation,
): Verdict {
  const judging = policies.filter((policy) => !isSilent(policy));
  const verdict = judging.length === 0 ? unruled(facts, situation) : judgedBy(action, facts, judging, situation);
  if (!facts || judging.length === policies.length) return verdict;
  const { shadow = [] } = judgeAction(facts, policies.filter(isSilent), situation);
  const all = [...(verdict.shadow ?? []), ...shadow];
  return all.length === 0 ? verdict : { ...verdict, shadow: all };
}

/** Tools that nobody here knows are asked about. */
function judgedBy(
  { kind, tool }: Pick<ProposedAction, 'kind' | 'tool'>,
  facts: ActionFacts | null,
  policies: readonly Policy[],
  situation: Situation,
): Verdict {
  if (!facts) {
    const reasons = ['what it would touch is not known'];
    const rule = 'default.unclear';
    return { verdict: 'ask', rule, rules: [rule], reasons, policyHash: hashOf(policies) };
  }
  const verdict = judgeAction(facts, policies, situation);
  if (facts.connection) return verdict;
  // A command without any facts was not looked at.
  const isEmpty = facts.commands.length + facts.paths.length + facts.hosts.length === 0;
  const isOther = kind === 'other' || kind === 'mcp' || isEmpty;
  if (!isOther || verdict.verdict !== 'allow' || isRuleOf(basicOf(policies), verdict.rule)) return verdict;
  const reasons = [`what the tool ${tool} does is not known`];
  const rule = 'default.unknown-tool';
  return { ...verdict, verdict: 'ask', rule, rules: [rule], reasons };
}

/** Only who says what holds without being written can lift it. */
const isRuleOf = (policy: Policy | undefined, rule: string): boolean =>
  rule.startsWith(policy?.level === 'workspace' ? 'rules[' : `${policy?.level}.rules[`);

export function judgementOf(
  action: ProposedAction,
  view: SessionView,
  policies: readonly Policy[],
  atMs: number,
): Judgement {
  return afterSurprise(judgedAlone(action, view, policies, atMs), action, view, policies);
}

/** Whatever the verdict: after a surprise a person is asked once, where the rules want that. A denial stays one. */
function afterSurprise(
  said: Judgement,
  { agent, turnId }: ProposedAction,
  view: SessionView,
  policies: readonly Policy[],
): Judgement {
  if (said.verdict === 'deny' || reactionOf(policies) !== 'ask') return said;
  const surprise = view.turns.surprises?.find((each) => each.agent === agent && each.turnId === turnId);
  if (!surprise) return said;
  const reasons = [surpriseText(surprise), ...(said.verdict === 'ask' ? said.reasons : [])];
  const rules = [surpriseRule, ...(said.rules ?? [])];
  return { ...said, verdict: 'ask', rule: surpriseRule, rules, reasons: reasons.slice(0, 50), command: null };
}

/** Where nothing holds what rules miss, a person decides whatever rules would allow. */
function unheld(verdict: Verdict): Verdict {
  if (verdict.verdict !== 'allow') return verdict;
  const reasons = ['there is no sandbox here that holds what rules miss', ...verdict.reasons];
  return { ...verdict, verdict: 'ask', rule: noSandboxRule, rules: [noSandboxRule], reasons };
}

/** Of a shell, not of an agent. */
const isOfShell = ({ agent, facts }: ProposedAction): boolean =>
  agent === shellAgent && facts?.connection !== undefined;

function judgedAlone(action: ProposedAction, view: SessionView, policies: readonly Policy[], atMs: number): Judgement {
  const { facts = null } = action;
  const situation = situationOf(action, view, { state: view.policyState, atMs });
  const said = ruled(action, facts, policies, situation);
  const isUnheld = view.sandbox === 'none' && !isOfShell(action);
  const { demands, shadow, rules, ...verdict } = isUnheld ? unheld(said) : said;
  const demand = demands && mergeDemands(demands);
  const base = {
    ...verdict,
    reasons: [...verdict.reasons],
    command: null,
    facts,
    ...(shadow && { shadow: [...shadow] }),
    ...(facts?.connection && { isKept: isLasting(facts, policies) }),
  };
  const question = { policyHash: verdict.policyHash, rules: rules ?? [verdict.rule] };
  const allowance = verdict.verdict === 'ask' ? allowanceFor(action, view, question) : null;
  // An edited command that was approved by whom the rules demand runs once; nothing else goes past them.
  if (!allowance || (demand && !allowance.isOnce)) {
    // Whoever types in a shell does not wait for people.
    if (verdict.verdict === 'ask' && isOfShell(action))
      return { ...base, verdict: 'deny', reasons: [...base.reasons, shellWords] };
    return { ...base, ...(rules && { rules: [...rules] }), ...(demand && { demand }) };
  }
  const by = view.members.find(({ personId }) => personId === allowance.by)?.name ?? allowance.by;
  return {
    ...base,
    verdict: 'allow',
    rule: `${allowedBy}:${allowance.approvalId}`,
    reasons: [`allowed for this session by ${by}`],
  };
}
