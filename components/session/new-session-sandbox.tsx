/** Going without a sandbox: what that means, and why somebody may have to. */
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

export interface SandboxFieldProps {
  checked: boolean;
  problem: string | null;
  onChange: (checked: boolean) => void;
}

export function SandboxField({ checked, problem, onChange }: SandboxFieldProps) {
  return (
    <label className="flex items-start gap-2.5 max-wide:min-h-11">
      <input
        type="checkbox"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
        className="mt-0.5 size-3.5 accent-(--accent-solid) max-wide:size-5"
      />
      <span>
        Without a sandbox
        <span className="block text-ink-3 text-xs">
          Its programs may read and change whatever their user may. Nothing is allowed without a person then.
        </span>
        {problem && (
          <span role="alert" className="block text-problem text-xs">
            {problem}
          </span>
        )}
      </span>
    </label>
  );
}
