/** One approval, whole: exact words, what they would touch, which rule asks and what happens if nobody decides. */
import Link from 'next/link';
import type { Approval } from '#components/api/api.ts';
import { TerminalMark } from '#components/session/terminal-mark.tsx';
import { CopyButton } from '#components/ui/copy-button.tsx';
import { capitalise, formatClock, formatDuration } from '#components/ui/format.ts';
import { useNow } from '#components/ui/use-now.ts';
import { effectRows, effectSentence, subjectOf } from './approval-facts.ts';
import { ExactText } from './exact-text.tsx';

const verdictOf: Readonly<Record<Approval['status'], { word: string; tone: string }>> = {
  pending: { word: 'Ask', tone: 'bg-needs-tint text-needs' },
  approved: { word: 'Allow', tone: 'bg-done-tint text-done' },
  denied: { word: 'Deny', tone: 'bg-problem-tint text-problem' },
  withdrawn: { word: 'Withdrawn', tone: 'bg-active text-ink-2' },
  expired: { word: 'Expired', tone: 'bg-active text-ink-2' },
  unknown: { word: 'Unknown', tone: 'bg-problem-tint text-problem' },
};

export function VerdictMark({ status }: { status: Approval['status'] }) {
  const { word, tone } = verdictOf[status];
  return (
    <span className={`inline-flex h-[18px] flex-none items-center rounded-1 px-1.5 font-medium text-xs ${tone}`}>
      {word}
    </span>
  );
}

/** How long it has been waiting. */
export function Held({ at }: { at: string }) {
  const now = useNow('fine');
  return <>{now === 0 ? '' : formatDuration(Math.max(0, now - Date.parse(at)))}</>;
}

export function ApprovalDetail({ approval }: { approval: Approval }) {
  return (
    <>
      <header className="flex flex-col gap-1.5 border-line border-b px-6 py-4 max-wide:px-4">
        <div className="flex items-center gap-2">
          <VerdictMark status={approval.status} />
          <h2 className="min-w-0 flex-1 font-medium text-lg leading-6">{capitalise(effectSentence(approval))}</h2>
          {approval.status === 'pending' && (
            <span className="num flex-none text-ink-3">
              held <Held at={approval.requestedAt} />
            </span>
          )}
        </div>
        <p className="flex min-w-0 items-center gap-2 text-ink-2">
          <TerminalMark name={approval.agent} />
          <span className="truncate">
            {approval.agent} <span className="text-ink-3">in</span>{' '}
            <Link
              href={`/sessions/${approval.sessionId}`}
              prefetch={false}
              className="rounded-1 hover:text-ink hover:underline"
            >
              {approval.sessionName}
            </Link>
          </span>
        </p>
      </header>
      <div className="flex flex-col gap-3 px-6 py-4 max-wide:px-4">
        <Exact approval={approval} />
        <Facts approval={approval} />
      </div>
    </>
  );
}

/** One command as the words it is; anything else as its text. */
function Exact({ approval }: { approval: Approval }) {
  const { command, facts, tool } = approval;
  const only = facts?.commands.length === 1 && facts.unclear.length === 0 ? facts.commands[0] : undefined;
  const text = subjectOf(approval);
  return (
    <section aria-label="Exact words">
      <div className="mb-1.5 flex items-center justify-between text-ink-2 text-xs">
        <span>{command === null ? tool : only ? 'Exact arguments' : 'Exact text'}</span>
        <CopyButton text={text} label="Copy the exact text" />
      </div>
      <div className="mono rounded-2 border border-line bg-well py-2">
        {only && only.argv.length <= 200 ? (
          <ol>
            {only.argv.map((word, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: words of one command never move
              <li key={index} className="flex">
                <span aria-hidden="true" className="num w-8 flex-none select-none pr-3 text-right text-2xs text-ink-3">
                  {index}
                </span>
                <span className="min-w-0 flex-1 whitespace-pre-wrap pr-3 [overflow-wrap:anywhere]">
                  <ExactText text={word} />
                </span>
              </li>
            ))}
          </ol>
        ) : (
          <pre className="whitespace-pre-wrap px-3 [overflow-wrap:anywhere]">
            <ExactText text={text} />
          </pre>
        )}
      </div>
    </section>
  );
}

function Fact({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div className="grid grid-cols-[88px_minmax(0,1fr)] gap-x-3">
      <dt className="text-ink-3">{label}</dt>
      <dd className="flex min-w-0 flex-col gap-0.5 [overflow-wrap:anywhere]">{children}</dd>
    </div>
  );
}

/** Who must approve, and who did so far. */
function Needs({ approval: { demand, votes, escalatedTo, status, overdueAt } }: { approval: Approval }) {
  if (overdueAt !== null) {
    return (
      <Fact label="Alarm">
        <span className="text-problem">It was decided and has not come to anything.</span>
      </Fact>
    );
  }
  if (demand === null) return null;
  const { approvers, quorum, isFourEyes } = demand;
  return (
    <Fact label="Needs">
      {quorum > 1 && (
        <span>
          {votes.length} of {quorum} approvals{votes.length > 0 && `, by ${votes.join(', ')}`}
        </span>
      )}
      {approvers !== null && <span>Only {[...approvers, ...escalatedTo].join(', ')} may approve it</span>}
      {isFourEyes && <span>Not whoever started the work</span>}
      {status === 'pending' && demand.escalate && escalatedTo.length === 0 && (
        <span className="text-ink-2">
          After {formatDuration(demand.escalate.afterMs)} also {demand.escalate.to.join(', ')}
        </span>
      )}
    </Fact>
  );
}

function Facts({ approval }: { approval: Approval }) {
  const { cwd, rule, reasons, facts, note, edit, decidedBy, decidedAt, status, forSession } = approval;
  const rows = effectRows(approval);
  const now = useNow('coarse');
  return (
    <dl className="flex flex-col gap-2">
      {edit !== null && (
        <Fact label="Edited">
          <code className="whitespace-pre-wrap">
            <ExactText text={edit} />
          </code>
        </Fact>
      )}
      <Fact label="Directory">
        <code>
          <ExactText text={cwd} />
        </code>
      </Fact>
      {rows.length > 0 && (
        <Fact label="Effect">
          {rows.map(({ effect, what }) => (
            <span key={effect}>
              <span className="inline-block w-20">{effect}</span>
              <span className="text-ink-2">
                <ExactText text={what} />
              </span>
            </span>
          ))}
        </Fact>
      )}
      {facts !== null && facts.unclear.length > 0 && (
        <Fact label="Not clear">
          {facts.unclear.slice(0, 6).map((phrase) => (
            <span key={phrase}>{phrase}</span>
          ))}
        </Fact>
      )}
      <Fact label="Rule">
        <code>{rule}</code>
        {reasons.slice(0, 4).map((reason) => (
          <span key={reason} className="text-ink-2">
            {reason}
          </span>
        ))}
      </Fact>
      <Needs approval={approval} />
      {decidedBy !== null && (
        <Fact label="Decided">
          <span>
            by {decidedBy}
            {decidedAt !== null && now > 0 && `, ${formatClock(decidedAt, now)}`}
            {forSession && ', for the session'}
          </span>
          {note !== null && <span className="text-ink-2">“{note}”</span>}
        </Fact>
      )}
      {status === 'pending' && (
        <Fact label="If nobody does">
          <span className="text-ink-2">
            {approval.expiresAt === null
              ? `${approval.agent} waits ten minutes at most. Then it is denied, told why, and can ask again.`
              : `It expires ${now > 0 ? formatClock(approval.expiresAt, now) : 'then'}. ${approval.agent} is told why, and can ask again.`}
          </span>
        </Fact>
      )}
    </dl>
  );
}
