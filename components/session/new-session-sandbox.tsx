/** Why somebody may have to go without a sandbox. */
import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '#components/api/api.ts';
import { Notice } from '#components/ui/notice.tsx';

/** Said before anything is filled in, because nothing starts until it is dealt with. */
export function SandboxMissing({ isChosen }: { isChosen: boolean }) {
  const { data } = useQuery(useTRPC().session.sandbox.queryOptions());
  if (!data || data.problem === null || isChosen) return null;
  return (
    <Notice tone="problem" title="There can be no sandbox on this machine">
      {data.problem} Or choose to go without one below, under “Rules, name and more”.
    </Notice>
  );
}
