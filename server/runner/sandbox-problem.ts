/** Whether sessions can have a sandbox on this machine, as far as that is known without making one. */
import type { Launch } from '#protocol/launch.ts';

/** Why not, and what to install, for people; null where they can. */
export const sandboxProblemOf = ({ isolation, warning }: Pick<Launch, 'isolation' | 'warning'>): string | null =>
  isolation === 'namespaces' ? null : (warning ?? 'it has no namespaces.');
