/** Public face of the sandbox: what isolation this machine gives, and how a program is started under it. */
export { type Environment, scrubEnvironment } from './environment.ts';
export { detectIsolation, type Isolation, namespaceArguments } from './isolation.ts';
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
export { findProgram, findShell, wrapProgram } from './program.ts';
