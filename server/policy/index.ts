/** The rules in force in each session, of three levels: read from files and the log, asked about every action, and tried out. */
export { Policies } from './policies.ts';
export { Trials } from './trial.ts';
