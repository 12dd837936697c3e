/** The policy in force in a session: its file, and what people allowed for it, each to be taken back. */
import { useMutation } from '@tanstack/react-query';
import Link from 'next/link';
import { useTRPC } from '#components/api/api.ts';
import { failureOf } from '#components/api/failure.ts';
import { useConnection } from '#components/api/provider.tsx';
import { useRefusal } from '#components/person/use-refusal.ts';
import { Button } from '#components/ui/button.tsx';
import { ExactText } from '#components/ui/exact-text.tsx';
import { formatClock } from '#components/ui/format.ts';
import { useNow } from '#components/ui/use-now.ts';
import { actionText } from '#protocol/action-text.ts';
import type { SessionAllowance } from '#protocol/action-view.ts';
import { visibleLine } from '#protocol/visible-text.ts';
import { RailSection } from './rail-section.tsx';
import type { SessionView } from './session-facts.ts';

export function RailPolicy({ view }: { view: SessionView }) {
  const allowances = view.turns.allowances ?? [];
  const isRuled = Boolean(view.policy || view.sessionPolicy);
  if (!isRuled && allowances.length === 0) return null;
  return (
    <RailSection title="Policy" aside={allowances.length > 0 && `${allowances.length} allowed here`}>
      {isRuled && (
        <p className="flex items-center gap-2">
          <span className="mono-xs min-w-0 flex-1 truncate text-ink-2" title={view.policy?.file}>
            {view.policy ? view.policy.file.split('/').at(-1) : 'rules of its own'}
            {view.policy && view.sessionPolicy && ', and its own'}
          </span>
          <Link
            href={`/policy?session=${view.id}`}
            prefetch={false}
            className="flex-none rounded-1 text-accent text-xs hover:underline"
          >
            Rules
          </Link>
        </p>
      )}
      {view.policy?.warnings?.map((warning) => (
        <p key={warning} role="note" className="pt-1 text-needs text-xs [overflow-wrap:anywhere]">
          <ExactText text={warning} />
        </p>
      ))}
      <ul aria-label="Allowed for this session">
        {allowances.toReversed().map((allowance) => (
          <li key={allowance.approvalId} className="pt-2">
            <Allowance view={view} allowance={allowance} />
          </li>
        ))}
      </ul>
    </RailSection>
  );
}

/** Relative to the checkout where it is in it. */
const folderOf = (cwd: string, checkout: string): string =>
  cwd === checkout ? 'the checkout' : cwd.startsWith(`${checkout}/`) ? cwd.slice(checkout.length + 1) : cwd;

function Allowance({ view, allowance }: { view: SessionView; allowance: SessionAllowance }) {
  const now = useNow('coarse');
  const isOffline = useConnection().kind === 'offline';
  const revoke = useMutation(useTRPC().approval.revoke.mutationOptions());
  const refusal = useRefusal('editor');
  const { approvalId, by, at, cwd, isOnce } = allowance;
  const name = view.members.find(({ personId }) => personId === by)?.name ?? by;
  const when = at !== undefined && now > 0 ? `, ${formatClock(at, now)}` : '';
  return (
    <>
      <code className="mono-xs line-clamp-3 whitespace-pre-wrap [overflow-wrap:anywhere]">
        <ExactText text={actionText(allowance)} />
      </code>
      <div className="flex items-center gap-2">
        <p className="num min-w-0 flex-1 text-ink-3 text-xs [overflow-wrap:anywhere]">
          in <ExactText text={folderOf(cwd, view.checkout)} />, by {name}
          {when}
          {isOnce && ', once'}
        </p>
        <Button
          size="small"
          aria-label={`Revoke ${visibleLine(actionText(allowance))}`}
          disabled={revoke.isPending || isOffline || refusal !== null}
          title={refusal ?? undefined}
          onClick={() => revoke.mutate({ id: approvalId })}
        >
          Revoke
        </Button>
      </div>
      {revoke.error && (
        <p role="alert" className="text-problem text-xs">
          {failureOf(revoke.error).message}
        </p>
      )}
    </>
  );
}
