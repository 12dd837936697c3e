/** One approval, whole: exact words, what they would touch, which rule asks and what happens if nobody decides. */
import Link from 'next/link';
import type { ApprovalDetail as Approval } from '#components/api/api.ts';
import { TerminalMark } from '#components/session/terminal-mark.tsx';
import { CopyButton } from '#components/ui/copy-button.tsx';
import { ExactText } from '#components/ui/exact-text.tsx';
import { capitalise, formatClock, formatDuration } from '#components/ui/format.ts';
import { useNow } from '#components/ui/use-now.ts';
import { actionText } from '#protocol/action-text.ts';
import { effectRows, effectSentence, needsOf, wordsOf } from './approval-facts.ts';
import { GivenInput } from './given-input.tsx';
import { SimilarDecisions } from './similar-decisions.tsx';
import { Held, VerdictMark } from './verdict-mark.tsx';

export function ApprovalDetail({ approval }: { approval: Approval }) {
  return (
    <div className="flex min-h-full flex-col">
      <Header approval={approval} />
      <div className="flex min-h-0 flex-1 max-full:flex-col">
        <div className="flex min-w-0 flex-col gap-3 px-6 full:flex-1 py-4 max-wide:px-4">
          <Exact approval={approval} />
          <GivenInput input={approval.input} />
          <Facts approval={approval} />
        </div>
        <aside
          aria-label="Beside the question"
          className="flex flex-none flex-col gap-4 border-line px-4 py-4 full:w-[254px] full:border-l max-full:px-6 max-full:pt-0 max-wide:px-4"
        >
          <SimilarDecisions approval={approval} />
          {approval.status === 'pending' && <IfNobody approval={approval} />}
        </aside>
      </div>
    </div>
  );
}

function Header({ approval }: { approval: Approval }) {
  return (
    <header className="flex flex-col gap-1.5 border-line border-b px-6 py-4 max-wide:px-4">
      <div className="flex items-center gap-2">
        <VerdictMark status={approval.status} />
        <h2 className="min-w-0 flex-1 font-medium text-lg leading-6">{capitalise(effectSentence(approval))}</h2>
        {approval.status === 'pending' && (
          <span className="num flex-none text-ink-3">
            held <Held at={approval.requestedAt} /> of {formatDuration(lifeMs(approval))}
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
  );
}

/** How long it may wait, in ms. */
const lifeMs = ({ requestedAt, expiresAt }: Approval): number => Date.parse(expiresAt) - Date.parse(requestedAt);

function IfNobody({ approval: { agent, expiresAt } }: { approval: Approval }) {
  const now = useNow('coarse');
  return (
    <section>
      <h3 className="pb-1 font-medium text-2xs text-ink-3 max-wide:text-xs">If nobody decides</h3>
      <p className="text-ink-2 text-xs">
        {agent} waits{now > 0 && ` until ${formatClock(expiresAt, now)}`}. Then it is denied, told why, and can ask
        again.
      </p>
    </section>
  );
}

/** To the letter what would run: its words numbered where they are all of it, else its text. */
function Exact({ approval }: { approval: Approval }) {
  const text = actionText(approval);
  const words = wordsOf(approval);
  return (
    <section aria-label="Exact words">
      <div className="mb-1.5 flex items-center justify-between text-ink-2 text-xs">
        <span>{approval.command === null ? approval.tool : words ? 'Exact arguments' : 'Exact text'}</span>
        <CopyButton text={text} label="Copy the exact text" />
      </div>
      <div className="mono rounded-2 border border-line bg-well py-2">
        {words ? (
          <ol>
            {words.map((word, index) => (
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

function Needs({ approval }: { approval: Approval }) {
  if (approval.overdueAt !== null) {
    return (
      <Fact label="Alarm">
        <span className="text-problem">It was decided and has not come to anything.</span>
      </Fact>
    );
  }
  const needs = needsOf(approval);
  if (needs.length === 0) return null;
  return (
    <Fact label="Needs">
      {needs.map((need) => (
        <span key={need}>{need}</span>
      ))}
    </Fact>
  );
}

function Facts({ approval }: { approval: Approval }) {
  const { cwd, rule, reasons, facts, note, edit, decidedBy, decidedAt, forSession } = approval;
  const rows = effectRows(approval);
  const now = useNow('coarse');
  return (
    <dl className="flex flex-col gap-2">
      {edit !== null && (
        <Fact label="Ran instead">
          <code className="whitespace-pre-wrap rounded-1 bg-(--add-line) px-1.5">
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
            <span key={phrase}>
              <ExactText text={phrase} />
            </span>
          ))}
        </Fact>
      )}
      <Fact label="Rule">
        <code>
          <ExactText text={rule} />
        </code>
        {reasons.slice(0, 4).map((reason) => (
          <span key={reason} className="text-ink-2">
            <ExactText text={reason} />
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
    </dl>
  );
}
