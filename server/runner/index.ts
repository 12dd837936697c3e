/** Sessions' runners: live links, how they are started, lost and confirmed dead, and what people do with whole sessions. */
export { type CompareCheckouts, Differences } from './differences.ts';
export { Lifecycle, programName } from './lifecycle.ts';
export { type Hello, type LinkSink, RunnerLink } from './link.ts';
export type { Terminals } from './links.ts';
export { Pauses } from './pauses.ts';
export { Runners } from './runners.ts';
export { sandboxProblemOf } from './sandbox-problem.ts';
export { unfinished } from './unfinished.ts';
