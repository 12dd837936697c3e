/** The time machine: rules of the session or the server edited, replayed over what was recorded, then applied. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTRPC } from '#components/api/api.ts';
import type { Failure } from '#components/api/failure.ts';
import { Button } from '#components/ui/button.tsx';
import { ExactText } from '#components/ui/exact-text.tsx';
import { formatCount, formatNoun } from '#components/ui/format.ts';
import { Notice } from '#components/ui/notice.tsx';
import { TextArea } from '#components/ui/text-area.tsx';
import { actionText } from '#protocol/action-text.ts';
import { draftOf, followed, isOutdated, type SaidRules, saidBy } from './rule-draft.ts';
import { type EffectiveLevel, type Replays, useChange, useReplay } from './use-policy.ts';
import { VerdictWord } from './verdict-word.tsx';

export interface TimeMachineProps {
  session: string | null;
  level: EffectiveLevel;
  said: SaidRules;
}

/** The text in the field, what became of it, and the ways on. */
function useDraft({ session, level, said }: TimeMachineProps) {
  const [held, setDraft] = useState(() => draftOf(said));
  const [failure, setFailure] = useState<Failure | null>(null);
  const change = useChange(session);
  const draft = followed(held, said);
  return {
    text: draft.text,
    isOutdated: isOutdated(draft, said),
    isPending: change.isPending,
    failure,
    write: (text: string) => {
      setDraft({ ...draft, text });
      setFailure(null);
    },
    /** The edit, as one of what holds now. */
    keep: () => setDraft({ ...draft, base: said }),
    drop: () => setDraft(draftOf(said)),
    apply: async (text: string) => {
      const done = await change.run({ level, text }, draft.base.hash);
      setFailure('failure' in done ? done.failure : null);
      if ('effective' in done) setDraft(draftOf(saidBy(done.effective, level)));
    },
  };
}

export function TimeMachine(props: TimeMachineProps) {
  const { session, level, said } = props;
  const draft = useDraft(props);
  const replay = useReplay(session);
  const { data: me } = useQuery(useTRPC().person.me.queryOptions());
  const isOwner = me?.role === 'owner';
  const { text } = draft;
  const problem = (draft.failure ?? replay.failure)?.message ?? null;
  return (
    <section aria-label="Time machine" className="px-6 py-4 max-wide:px-4">
      <h2 className="font-medium">Time machine</h2>
      <p className="mt-0.5 mb-2 text-ink-2">
        {level === 'server'
          ? 'Rules for every session of this server. They can only make things stricter.'
          : 'Rules for this session alone, on top of its workspace file. They can only make things stricter.'}
      </p>
      <TextArea
        aria-label={level === 'server' ? 'Rules of this server' : 'Rules of this session'}
        value={text}
        onChange={(event) => draft.write(event.target.value)}
        rows={Math.min(24, Math.max(8, text.split('\n').length + 1))}
        aria-invalid={problem !== null}
        isMono
      />
      {problem !== null && (
        <pre role="alert" className="mono mt-1 whitespace-pre-wrap break-words text-problem text-xs">
          {problem}
        </pre>
      )}
      {draft.isOutdated && <Outdated draft={draft} />}
      <div className="mt-2 flex flex-wrap items-center gap-2">
        <Button variant="primary" disabled={replay.isReplaying} onClick={() => replay.run({ level, text })}>
          {replay.isReplaying ? 'Replaying' : 'Replay'}
        </Button>
        <Button
          disabled={!isOwner || draft.isPending || draft.isOutdated || text === said.text}
          onClick={() => void draft.apply(text)}
        >
          Apply
        </Button>
        <span className="flex-1" />
        {said.text !== '' && (
          <Button
            variant="danger"
            disabled={!isOwner || draft.isPending || draft.isOutdated}
            onClick={() => void draft.apply('')}
          >
            Remove these rules
          </Button>
        )}
        {me && !isOwner && <span className="text-ink-3 text-xs">Only owners change rules</span>}
      </div>
      <div aria-live="polite" className="mt-3">
        {replay.replays && !replay.failure && <Changes replays={replay.replays} isStale={replay.replayed !== text} />}
      </div>
    </section>
  );
}

function Outdated({ draft: { keep, drop } }: { draft: Pick<ReturnType<typeof useDraft>, 'keep' | 'drop'> }) {
  return (
    <Notice
      tone="needs"
      className="mt-2"
      title="These rules were changed while you edited"
      action={
        <>
          <Button onClick={drop}>Show what they say now</Button>
          <Button onClick={keep}>Go on with mine</Button>
        </>
      }
    >
      What you wrote is still here. What is in force now stands in the list.
    </Notice>
  );
}

export function Changes({ replays, isStale }: { replays: Replays; isStale: boolean }) {
  const actions = replays.reduce((sum, each) => sum + each.actions, 0);
  const changed = replays.flatMap(({ counts }) => counts).reduce((sum, { count }) => sum + count, 0);
  const listed = replays.reduce((sum, { changes }) => sum + changes.length, 0);
  const where = replays.length === 1 ? 'this session' : formatNoun(replays.length, 'session');
  return (
    <>
      <p className={isStale ? 'text-ink-3' : ''}>
        {formatNoun(actions, 'action')} of {where},{' '}
        <span className="font-medium">{changed} would be judged otherwise</span>
        {isStale && ', by the rules as they were before your last edit'}
        {replays.some(({ isCut }) => isCut) && '; older actions of long sessions were left out'}
      </p>
      <ol className="mt-2">
        {replays.flatMap(({ sessionId, sessionName, changes }) =>
          changes.map(({ actionId, command, tool, paths, before, after }) => (
            <li
              key={`${sessionId} ${actionId}`}
              className="flex min-h-8 items-center gap-2 border-line border-t py-1 max-wide:flex-wrap"
            >
              <VerdictWord verdict={before.verdict} isQuiet />
              <span aria-hidden="true" className="text-ink-3">
                →
              </span>
              <VerdictWord verdict={after.verdict} />
              <code className="min-w-0 flex-1 truncate" title={command ?? undefined}>
                <ExactText text={actionText({ command, tool, paths })} />
              </code>
              <span className="max-w-[40%] flex-none truncate text-ink-3 text-xs max-wide:w-full max-wide:max-w-full">
                {replays.length > 1 && `${sessionName}, `}
                {after.rule}
              </span>
            </li>
          )),
        )}
      </ol>
      {changed > listed && (
        <p className="border-line border-t py-1.5 text-ink-2">and {formatCount(changed - listed)} more, not listed</p>
      )}
    </>
  );
}
