/** What a behaviour is: what its harness declares of it, and what is seen from outside. */
import type { Capabilities } from '#runner/harness/index.ts';
import type { Trial } from './trial.ts';

export interface Behaviour {
  name: string;
  /** What follows from what the harness declares. */
  declared: (capabilities: Capabilities) => string;
  /** What the provider's capture, the process table or the files show; the same words. */
  observe: (trial: Trial) => Promise<string>;
}

/** Something every harness has to do. */
export const must = (name: string, expected: string, observe: Behaviour['observe']): Behaviour => ({
  name,
  declared: () => expected,
  observe,
});
