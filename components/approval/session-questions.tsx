/** What a session asks of people, above its composer: decided without leaving. */
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useState } from 'react';
import { useTRPC } from '#components/api/api.ts';
import type { SessionView } from '#protocol/session-view.ts';
import { VerdictMark } from './approval-detail.tsx';
import { effectSentence, subjectOf } from './approval-facts.ts';
import { DecideBar, type Mode } from './decide-bar.tsx';
import { ExactText } from './exact-text.tsx';

export function SessionQuestions({ view }: { view: Pick<SessionView, 'turns'> }) {
  const waiting = view.turns.actions.flatMap(({ approval }) =>
    approval && approval.decided === null ? [approval.approvalId] : [],
  );
  const [first] = waiting;
  return first === undefined ? null : <Question key={first} id={first} more={waiting.length - 1} />;
}

function Question({ id, more }: { id: string; more: number }) {
  const { data: approval } = useQuery(useTRPC().approval.get.queryOptions({ id }));
  const [mode, setMode] = useState<Mode>('plain');
  if (approval?.status !== 'pending') return null;
  return (
    <section aria-label="Question" className="flex-none border-line border-t bg-bg px-4 pt-3 max-wide:px-3">
      <div className="mx-auto flex max-w-[860px] flex-col gap-2 rounded-2 border border-needs-line bg-surface p-3">
        <p className="flex items-center gap-2">
          <VerdictMark status="pending" />
          <span className="min-w-0 flex-1 truncate">
            <span className="font-medium">{approval.agent}</span> {effectSentence(approval)}
          </span>
          <Link
            href={`/inbox/${id}`}
            prefetch={false}
            className="flex-none rounded-1 text-accent text-xs hover:underline"
          >
            {more > 0 ? `Details, and ${more} more` : 'Details'}
          </Link>
        </p>
        <pre className="mono max-h-40 overflow-y-auto whitespace-pre-wrap rounded-2 bg-well px-3 py-2 [overflow-wrap:anywhere]">
          <ExactText text={subjectOf(approval)} />
        </pre>
        <p className="text-ink-2 text-xs">
          <code>{approval.rule}</code>: {approval.reasons.slice(0, 2).join('; ')}
        </p>
        <DecideBar approval={approval} mode={mode} onMode={setMode} />
      </div>
    </section>
  );
}
