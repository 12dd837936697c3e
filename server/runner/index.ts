/** Sessions' runners: live links, how they are started, lost and confirmed dead, and what people do with whole sessions. */
export { type Created, createLifecycle, type Lifecycle, programName } from './lifecycle.ts';
export { type LinkSink, RunnerLink, type RunnerRequest } from './link.ts';
export { openRunners, type Runners, type Terminals } from './runners.ts';
