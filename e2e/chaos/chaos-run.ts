/** What a chaos run says of itself. Knows no fault from the inside. */
import { type ApprovalFault, approvalFaults } from './approval/fault.ts';
import { type SessionFault, sessionFaults } from './fault.ts';

export const faultNames: readonly FaultName[] = [...sessionFaults, ...approvalFaults];
export type FaultName = SessionFault | ApprovalFault;

/** One line of contract.md's `runs`; the fields after `violations` are additions. */
export interface ChaosRun {
  seed: number;
  fault: FaultName;
  /** When the fault hit, ISO 8601 UTC. */
  at: string;
  /** Things that were under way then and could have been lost. */
  inFlight: number;
  ok: boolean;
  violations: string[];
  /** What was under way, by kind. */
  inFlightOf: Readonly<Record<string, number>>;
  /** Whether a real Chromium window was among the browsers. */
  chromium: boolean;
  /** From the end of the fault (a dead runner: from Resume), by what was back, ms; null: it was not seen. */
  recoveredMs: Readonly<Record<string, number | null>> | null;
  /** What was acknowledged in the whole run, by kind. */
  acked: Readonly<Record<string, number>>;
}

/** A run in which nothing could have been lost proves nothing. */
export function verdictOf(inFlight: number, found: string[]): Pick<ChaosRun, 'inFlight' | 'ok' | 'violations'> {
  const violations = inFlight === 0 ? [...found, 'FLT8 the fault hit nothing in flight'] : found;
  return { inFlight, ok: violations.length === 0, violations };
}
