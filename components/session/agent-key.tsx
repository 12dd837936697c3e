/** Says so where the chosen agent has no key for its models; nothing where it has. */
import { MissingKey } from '#components/provider/missing-key.tsx';
import { lackOf } from '#components/provider/provider-facts.ts';
import { useProviders } from '#components/provider/use-providers.ts';
import { useHarnesses } from './use-harnesses.ts';

export interface AgentKeyProps {
  /** Type of the agent's harness; null: none is chosen yet. */
  harness: string | null;
  /** Its last turn completed: it may be signed in by itself. */
  hasWorked?: boolean;
  onLeave?: () => void;
}

export function AgentKey({ harness, hasWorked = false, onLeave }: AgentKeyProps) {
  const { data: providers } = useProviders();
  const harnesses = useHarnesses();
  const facts = harnesses.find(({ type }) => type === harness) ?? null;
  if (harness !== null && harnesses.length === 0) return null;
  if (facts?.signIn && hasWorked) return null;
  const lack = providers ? lackOf(facts?.provider ?? null, providers) : null;
  if (!lack) return null;
  return <MissingKey lack={lack} harness={facts} {...(onLeave && { onLeave })} />;
}
