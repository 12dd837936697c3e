/** What is meant by allowing something for the session, and what that would have allowed so far. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { type Approval, type Radius, useTRPC } from '#components/api/api.ts';
import { failureOf } from '#components/api/failure.ts';
import { Button } from '#components/ui/button.tsx';
import { ExactText } from '#components/ui/exact-text.tsx';
import { formatClock, formatCount, formatNoun } from '#components/ui/format.ts';
import { useNow } from '#components/ui/use-now.ts';
import type { FormProps } from './decide-forms.tsx';

export function SessionForm({ approval, isDisabled, onRun, onCancel }: FormProps & { approval: Approval }) {
  const { data, error } = useQuery(
    useTRPC().approval.radius.queryOptions({ id: approval.id }, { staleTime: 0, gcTime: 0 }),
  );
  const form = useRef<HTMLFormElement>(null);
  const isKnown = data !== undefined;
  // The keyboard goes on here: Enter allows as soon as the reach is known, Escape leaves.
  useEffect(
    () => form.current?.querySelector<HTMLElement>(isKnown ? '[type=submit]' : '[data-cancel]')?.focus(),
    [isKnown],
  );
  return (
    <form
      ref={form}
      aria-label="Allow for session"
      className="flex flex-col gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        onRun({ decision: 'approved', forSession: true });
      }}
      onKeyDown={(event) => event.key === 'Escape' && onCancel()}
    >
      <p className="[overflow-wrap:anywhere]">
        <span className="font-medium">Exactly this, in </span>
        <code>
          <ExactText text={approval.cwd} />
        </code>
        <span className="text-ink-2">
          {' '}
          is not asked about again in {approval.sessionName}, until somebody revokes it there. What is forbidden stays
          so.
        </span>
      </p>
      {error && <p className="text-problem">{failureOf(error).message}</p>}
      {data ? <Reach radius={data} /> : <p className="text-ink-3">Looking through what the session did so far</p>}
      <div className="flex gap-2 max-wide:*:h-12 max-wide:*:flex-1">
        <Button type="submit" variant="primary" cap="↵" disabled={isDisabled || !isKnown}>
          Allow for session
        </Button>
        <Button data-cancel cap="esc" onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

const tones: Partial<Record<Radius['actions'][number]['was'], string>> = {
  approved: 'text-done',
  allowed: 'text-done',
  denied: 'text-problem',
};

function Reach({ radius: { of, count, actions } }: { radius: Radius }) {
  const now = useNow('coarse');
  if (of === 0) return <p>It is the first action of this session.</p>;
  return (
    <>
      <p>
        Would have allowed <b className="num font-medium">{formatCount(count)}</b> of the last{' '}
        {formatNoun(of, 'action')} of this session{count > 0 ? ':' : '.'}
      </p>
      {actions.length > 0 && (
        <ul
          aria-label="Would have been allowed"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
          tabIndex={0}
          className="max-h-28 overflow-y-auto rounded-2 border border-line bg-well px-3 py-1.5 text-xs"
        >
          {actions.map(({ actionId, at, agent, was, by }) => (
            <li key={actionId} className="flex gap-3 py-px">
              <time dateTime={at} className="num w-12 flex-none text-ink-3">
                {now === 0 ? '' : formatClock(at, now)}
              </time>
              <span className="min-w-0 flex-1 truncate">{agent}</span>
              <span className={tones[was] ?? 'text-ink-3'}>
                {by === null ? (was === 'allowed' ? 'allowed by the rules' : was) : `${was} by ${by}`}
              </span>
            </li>
          ))}
          {count > actions.length && (
            <li className="num text-ink-3">and {formatCount(count - actions.length)} older</li>
          )}
        </ul>
      )}
    </>
  );
}
