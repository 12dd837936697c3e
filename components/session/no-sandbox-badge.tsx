/** Says that nothing holds what a session's programs do but the rules. */
import { ShieldOff } from 'lucide-react';
import { Icon } from '#components/ui/icon.tsx';
import type { SessionView } from './session-facts.ts';

export function NoSandboxBadge({ view }: { view: SessionView }) {
  if (view.sandbox !== 'none') return null;
  return (
    <span className="inline-flex h-[18px] flex-none items-center gap-1 whitespace-nowrap rounded-1 bg-problem-tint px-[5px] font-medium text-problem text-xs max-wide:h-5">
      <Icon icon={ShieldOff} size={12} />
      No sandbox
    </span>
  );
}
