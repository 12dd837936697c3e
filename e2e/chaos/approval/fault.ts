/** Faults of approvals: what is killed, and in which stage one of them is then. */
export const stages = ['requested', 'shown', 'decided', 'delivered', 'started'] as const;
/** As far as somebody outside has seen: `started` is let through, and its program has not ended. */
export type Stage = (typeof stages)[number];

export const victims = ['server', 'runner', 'postgres'] as const;
export type Victim = (typeof victims)[number];

export type ApprovalFault = `approval-${Victim}-${Stage}`;

export const approvalFaults: readonly ApprovalFault[] = victims.flatMap((victim) =>
  stages.map((stage) => `approval-${victim}-${stage}` as const),
);

export function partsOf(fault: ApprovalFault): { victim: Victim; stage: Stage } {
  const [, victim, stage] = fault.split('-') as ['approval', Victim, Stage];
  return { victim, stage };
}
