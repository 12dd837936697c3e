/** The network that programs of a session reach: a proxy whose every connection has a verdict. */
export { createEgress, type Egress, type EgressOptions } from './egress.ts';
export { egressEnvironment, serverLimits } from './environment.ts';
export { KeptVerdicts } from './kept-verdicts.ts';
export { createGateJudge } from './verdict.ts';
