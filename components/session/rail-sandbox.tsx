/** What the programs of a session see and reach, and what holds them to it. */
import { useQuery } from '@tanstack/react-query';
import { ShieldCheck, ShieldOff } from 'lucide-react';
import { useTRPC } from '#components/api/api.ts';
import { Disclosure } from '#components/ui/disclosure.tsx';
import { ExactText } from '#components/ui/exact-text.tsx';
import { formatClock } from '#components/ui/format.ts';
import { Icon } from '#components/ui/icon.tsx';
import { useNow } from '#components/ui/use-now.ts';
import type { SandboxView } from '#protocol/sandbox.ts';
import { RailSection } from './rail-section.tsx';
import type { SessionView } from './session-facts.ts';

export function RailSandbox({ view }: { view: SessionView }) {
  const { runner } = view;
  const { data } = useQuery({
    ...useTRPC().session.sandboxView.queryOptions({ session: view.id }),
    enabled: runner !== null,
    // Each runner has a sandbox of its own.
    staleTime: 60_000,
  });
  if (!runner || !data) return null;
  return (
    <RailSection title="Sandbox" aside={data.kind}>
      {data.kind === 'none' ? <NoSandbox /> : <Held sandbox={data} checkout={view.checkout} />}
    </RailSection>
  );
}

function NoSandbox() {
  return (
    <p
      role="note"
      className="flex gap-2 rounded-2 border border-problem-line bg-problem-tint px-2.5 py-2 text-problem text-xs"
    >
      <Icon icon={ShieldOff} size={13} className="mt-0.5" />
      <span>Its programs may read and change whatever their user may. Every action waits for a person.</span>
    </p>
  );
}

function Held({ sandbox, checkout }: { sandbox: SandboxView; checkout: string }) {
  const now = useNow('coarse');
  const { tested, uid, writable, readOnly, pinned, hidden } = sandbox;
  const short = (path: string) => shortened(path, checkout);
  return (
    <div className="flex flex-col gap-1 text-xs">
      {tested && (
        <p className="flex gap-2 text-ink-2">
          <Icon icon={ShieldCheck} size={13} className="mt-0.5 text-done" />
          <span>
            {tested.probes} probes held{now > 0 && `, ${formatClock(tested.at, now)}`}
            {uid !== null && `; programs run as user ${uid}`}
          </span>
        </p>
      )}
      <p className="text-ink-2">
        They reach the agent port, <span className="mono-xs">127.0.0.1:4180</span>, and through it what the rules allow.
      </p>
      <Paths label="May change" paths={writable.map(short)} />
      <Paths label="Sees" paths={readOnly.map(short)} />
      <Paths label="Cannot change" paths={pinned.map(short)} />
      <Paths label="Is not there" paths={hidden} />
    </div>
  );
}

/** From the session's own folder on, as `checkout` and `home` in it. */
function shortened(path: string, checkout: string): string {
  const folder = checkout.slice(0, checkout.lastIndexOf('/'));
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path;
}

function Paths({ label, paths }: { label: string; paths: readonly string[] }) {
  if (paths.length === 0) return null;
  return (
    <Disclosure label={`${label}, ${paths.length}`} isOpen={false}>
      <ul aria-label={label} className="flex flex-col gap-0.5 pl-4">
        {paths.map((path) => (
          <li key={path} className="mono-xs text-ink-2 [overflow-wrap:anywhere]">
            <ExactText text={path} />
          </li>
        ))}
      </ul>
    </Disclosure>
  );
}
