/** Public face of the sandbox: what isolation this machine gives, and how a program is started under it. */
export { type Account, asAccount, handOver, letThrough, makeTemporary, obstacleTo, sandboxAccount } from './account.ts';
export { readAuthor } from './author.ts';
export { type Environment, scrubEnvironment } from './environment.ts';
export { detectIsolation, type Isolation, namespaceOptions } from './isolation.ts';
export {
  descendantsOf,
  isAlive,
  isLive,
  listProcesses,
  type ProcessIdentity,
  type ProcessRow,
  readChild,
  readDescendants,
  readProcess,
} from './process-table.ts';
export { findProgram, findShell, noSandbox } from './program.ts';
export type { Sandbox, WrappedProgram } from './sandbox.ts';
export { testSandbox } from './self-test.ts';
export {
  failureOf,
  openSessionSandbox,
  type Preparation,
  prepareSandbox,
  type SessionSandbox,
} from './session-sandbox.ts';
