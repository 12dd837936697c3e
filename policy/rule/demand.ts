/** What several rules demand of one approval at once: the strictest of each. Pure. */
import type { Demand } from '#protocol/approval.ts';

const shared = (one: readonly string[], other: readonly string[]): string[] =>
  one.filter((name) => other.includes(name));
const least = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.min(one, other);

const both = (one: Demand, other: Demand): Demand => ({
  approvers:
    one.approvers && other.approvers ? shared(one.approvers, other.approvers) : (one.approvers ?? other.approvers),
  quorum: Math.max(one.quorum, other.quorum),
  isFourEyes: one.isFourEyes || other.isFourEyes,
  expiresInMs: least(one.expiresInMs, other.expiresInMs),
  escalate: bothEscalations(one, other),
});

/** Who is added by one rule must be good enough for the other. */
function bothEscalations(one: Demand, other: Demand): Demand['escalate'] {
  if (one.escalate && other.escalate) {
    const afterMs = Math.max(one.escalate.afterMs, other.escalate.afterMs);
    return { afterMs, to: shared(one.escalate.to, other.escalate.to) };
  }
  if (one.approvers !== null && other.approvers !== null) return null;
  return one.escalate ?? other.escalate;
}

const isUsual = ({ approvers, quorum, isFourEyes, expiresInMs, escalate }: Demand): boolean =>
  approvers === null && quorum === 1 && !isFourEyes && expiresInMs === null && escalate === null;

/** Undefined where one person who may approve at all is enough. */
export function mergeDemands(demands: readonly Demand[]): Demand | undefined {
  const unusual = demands.filter((each) => !isUsual(each));
  const [first, ...rest] = unusual;
  return first && rest.reduce(both, first);
}

/** Why `person` may not approve it; null: may. Pure. */
export function refusalOf(
  demand: Demand | undefined,
  person: { personId: string; name: string },
  { startedBy, escalatedTo = [] }: { startedBy: string; escalatedTo?: readonly string[] | undefined },
): string | null {
  if (!demand) return null;
  if (demand.isFourEyes && startedBy === person.personId)
    return 'whoever started the work may not approve it; ask somebody else';
  if (demand.approvers === null || demand.approvers.includes(person.name) || escalatedTo.includes(person.name))
    return null;
  const names = [...demand.approvers, ...escalatedTo];
  return names.length === 0
    ? 'the rules leave nobody who may approve it; deny it'
    : `only ${names.join(', ')} may approve it`;
}
