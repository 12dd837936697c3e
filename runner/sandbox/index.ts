/** Public face of the sandbox: what isolation this machine gives, and how a program is started under it. */
export { type Environment, scrubEnvironment } from './environment.ts';
export { detectIsolation, type Isolation, type IsolationFacts, namespaceArguments } from './isolation.ts';
export {
  type FoundProgram,
  findProgram,
  findShell,
  type ProgramRequest,
  type WrappedProgram,
  wrapProgram,
} from './program.ts';
