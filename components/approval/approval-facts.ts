/** What an approval is about, in words. Pure. */
import type { Approval, ApprovalDetail } from '#components/api/api.ts';
import { hasHidden } from '#protocol/visible-text.ts';

/** The riskiest first: what nobody knows, then what runs or sends, then what changes. */
const risks: Readonly<Record<string, 1 | 2 | 3>> = { unknown: 3, network: 2, execute: 2, write: 1, read: 1 };

/** 1 to 3. */
export const riskOf = ({ effect, command, outside }: Approval): 1 | 2 | 3 =>
  outside === 'changes' || hasHidden(command ?? '') ? 3 : (risks[effect] ?? 3);

const before = (one: string, other: string): number => (one === other ? 0 : one < other ? -1 : 1);

/** Riskiest first, then the one that waits longest. Each risk is found once: there may be a thousand. */
export const byRisk = (approvals: readonly Approval[]): Approval[] =>
  approvals
    .map((approval) => ({ approval, risk: riskOf(approval) }))
    .sort((one, other) => other.risk - one.risk || before(one.approval.requestedAt, other.approval.requestedAt))
    .map(({ approval }) => approval);

/** `git push`, or `Write src/a.ts`. */
export const subjectOf = ({ command, tool, paths }: Pick<Approval, 'command' | 'tool' | 'paths'>): string =>
  command ?? `${tool} ${paths.join(' ')}`.trim();

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
  const { effect, command } = approval;
  const outside = approval.outside === null ? '' : ' outside of the folder';
  const hidden = hasHidden(command ?? '') ? ', a hidden character in it' : '';
  return `${effectWords[effect] ?? effect}${outside}${hidden}`;
}

export interface EffectRow {
  effect: string;
  what: string;
}

/** What is touched, each once, the gravest first. */
export function effectRows({ facts }: ApprovalDetail): EffectRow[] {
  if (!facts) return [];
  const order = ['delete', 'write', 'execute', 'read', 'list'];
  const paths = order.flatMap((effect) => {
    const those = [...new Set(facts.paths.filter((path) => path.effect === effect).map(({ path }) => path))];
    return those.length === 0
      ? []
      : [{ effect, what: those.slice(0, 8).join(', ') + (those.length > 8 ? ` and ${those.length - 8} more` : '') }];
  });
  const hosts = facts.hosts.map((host) => (host === '*' ? 'a host that is not known' : host));
  return [...(hosts.length > 0 ? [{ effect: 'network', what: hosts.join(', ') }] : []), ...paths];
}
