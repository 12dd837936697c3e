/** What an approval is about, in words. Pure. */
import type { Approval, ApprovalDetail } from '#components/api/api.ts';
import { formatDuration } from '#components/ui/format.ts';
import { actionText } from '#protocol/action-text.ts';
import { hasHidden } from '#protocol/visible-text.ts';

/** The riskiest first: what nobody knows, then what runs or sends, then what changes. */
const risks: Readonly<Record<string, 1 | 2 | 3>> = { unknown: 3, network: 2, execute: 2, write: 1, read: 1 };

/** 1 to 3. */
export const riskOf = (approval: Approval): 1 | 2 | 3 =>
  approval.outside === 'changes' || hasHidden(actionText(approval)) ? 3 : (risks[approval.effect] ?? 3);

const before = (one: string, other: string): number => (one === other ? 0 : one < other ? -1 : 1);

/** Riskiest first, then the one that waits longest. Each risk is found once: there may be a thousand. */
export const byRisk = (approvals: readonly Approval[]): Approval[] =>
  approvals
    .map((approval) => ({ approval, risk: riskOf(approval) }))
    .sort((one, other) => other.risk - one.risk || before(one.approval.requestedAt, other.approval.requestedAt))
    .map(({ approval }) => approval);

const effectWords: Readonly<Record<string, string>> = {
  ...{
    read: 'reads',
    write: 'changes files',
    execute: 'runs a program of the project',
    network: 'speaks to the network',
  },
  unknown: 'nobody knows what it does',
};

/** "changes files outside of the folder, hidden character in it". */
export function effectSentence(approval: Approval): string {
  const { effect } = approval;
  const outside = approval.outside === null ? '' : ' outside of the folder';
  const hidden = hasHidden(actionText(approval)) ? ', a hidden character in it' : '';
  return `${effectWords[effect] ?? effect}${outside}${hidden}`;
}

/** Only a command can be edited, and only where no others have to approve the same. */
export const isEditable = ({ command, demand }: Approval): boolean => command !== null && (demand?.quorum ?? 1) === 1;

/** What became of a question, as a sentence. */
export function outcomeSentence({ status, decidedBy, settled }: Approval): string {
  const who = decidedBy ?? 'Somebody';
  switch (status) {
    case 'pending':
      return 'It waits for a person.';
    case 'approved':
      return `${who} has approved it.`;
    case 'denied':
      return `${who} has denied it.`;
    case 'withdrawn':
      return 'It is not wanted any more.';
    case 'expired':
      return 'Nobody decided in time; it was denied.';
    case 'unknown':
      return settled
        ? `${settled.by} has looked: it ${settled.found === 'happened' ? 'happened' : 'did not happen'}.`
        : `${who} has approved it; whether it happened is not known.`;
  }
}

/**
 * The words of the one command that it is, where they say all of it: with a redirect, an assignment or a heredoc in the text
 * they would not. Null: the text alone says it.
 */
export function wordsOf({ command, facts }: Pick<ApprovalDetail, 'command' | 'facts'>): readonly string[] | null {
  if (command === null || facts?.commands.length !== 1 || facts.unclear.length > 0) return null;
  const argv = facts.commands[0]?.argv ?? [];
  return argv.length > 1 && argv.length <= 200 && argv.join(' ') === command ? argv : null;
}

/** Who must approve, and who did so far, a phrase each; none where one person who may approve is enough. */
export function needsOf({ demand, votes, escalatedTo, status }: ApprovalDetail): string[] {
  if (demand === null) return [];
  const { approvers, quorum, isFourEyes, escalate } = demand;
  const said = votes.length > 0 ? `, by ${votes.join(', ')}` : '';
  return [
    ...(quorum > 1 ? [`${votes.length} of ${quorum} approvals${said}`] : []),
    ...(approvers === null ? [] : [`Only ${[...approvers, ...escalatedTo].join(', ')} may approve it`]),
    ...(isFourEyes ? ['Not whoever started the work'] : []),
    ...(status === 'pending' && escalate && escalatedTo.length === 0
      ? [`After ${formatDuration(escalate.afterMs)} also ${escalate.to.join(', ')}`]
      : []),
  ];
}

export interface EffectRow {
  effect: string;
  what: string;
}

/** What is touched, each once, the gravest first. */
export function effectRows({ facts }: Pick<ApprovalDetail, 'facts'>): EffectRow[] {
  if (!facts) return [];
  const order = ['delete', 'write', 'execute', 'read', 'list'];
  const paths = order.flatMap((effect) => {
    const those = [...new Set(facts.paths.filter((path) => path.effect === effect).map(({ path }) => path))];
    return those.length === 0
      ? []
      : [{ effect, what: those.slice(0, 8).join(', ') + (those.length > 8 ? ` and ${those.length - 8} more` : '') }];
  });
  if (facts.connection) {
    const { addresses } = facts.connection;
    const requests = facts.requests.map(({ method, url }) => ({
      effect: 'network',
      what: `${method ?? ''} ${url}`.trim(),
    }));
    return [...requests, ...(addresses ? [{ effect: 'addresses', what: addresses.join(', ') }] : [])];
  }
  const hosts = facts.hosts.map((host) => (host === '*' ? 'a host that is not known' : host));
  return [...(hosts.length > 0 ? [{ effect: 'network', what: hosts.join(', ') }] : []), ...paths];
}
