/** The time machine: rules of the session or the server edited, replayed over what was recorded, then applied. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTRPC } from '#components/api/api.ts';
import { Button } from '#components/ui/button.tsx';
import { ExactText } from '#components/ui/exact-text.tsx';
import { formatNoun } from '#components/ui/format.ts';
import { actionText } from '#protocol/action-text.ts';
import { type Edited, type EditedLevel, type Replays, useChange, useReplay } from './use-policy.ts';
import { VerdictWord } from './verdict-word.tsx';

const sample = `version: "2026.1"
rules:
  - when: facts.runs("git push")
    then: ask
    reason: look at what is pushed
    shadow: true          # true: recorded, without effect
    examples:
      - command: git push origin main
`;

export interface TimeMachineProps {
  session: string | null;
  level: EditedLevel;
  /** What the level says now; '' for nothing. */
  now: string;
}

export function TimeMachine({ session, level, now }: TimeMachineProps) {
  const [text, setText] = useState(now === '' ? sample : now);
  const [replayed, setReplayed] = useState<Edited | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const { replays, isReplaying, failure: notReplayed } = useReplay(session, replayed);
  const change = useChange(session);
  const apply = async (applied: string) => {
    const failed = await change.run({ level, text: applied });
    setFailure(failed?.message ?? null);
    if (!failed) setText(applied === '' ? sample : applied);
  };
  const { data: me } = useQuery(useTRPC().person.me.queryOptions());
  const isOwner = me?.role === 'owner';
  const problem = failure ?? notReplayed?.message ?? null;
  return (
    <section aria-label="Time machine" className="px-6 py-4 max-wide:px-4">
      <h2 className="font-medium">Time machine</h2>
      <p className="mt-0.5 mb-2 text-ink-2">
        {level === 'server'
          ? 'Rules for every session of this server. They can only make things stricter.'
          : 'Rules for this session alone, on top of its workspace file. They can only make things stricter.'}
      </p>
      <textarea
        aria-label={level === 'server' ? 'Rules of this server' : 'Rules of this session'}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setFailure(null);
        }}
        rows={Math.min(24, Math.max(8, text.split('\n').length + 1))}
        spellCheck={false}
        aria-invalid={problem !== null}
        className="mono w-full resize-y rounded-2 border border-control-line bg-well px-2.5 py-2 outline-none focus-visible:outline-(--focus) aria-invalid:border-problem-solid max-wide:text-base"
      />
      {problem !== null && (
        <pre role="alert" className="mono mt-1 whitespace-pre-wrap break-words text-problem text-xs">
          {problem}
        </pre>
      )}
      <div className="mt-2 flex flex-wrap items-center gap-2">
        <Button variant="primary" disabled={isReplaying} onClick={() => setReplayed({ level, text })}>
          {isReplaying ? 'Replaying' : 'Replay'}
        </Button>
        <Button disabled={!isOwner || change.isPending || text === now} onClick={() => void apply(text)}>
          Apply
        </Button>
        <span className="flex-1" />
        {now !== '' && (
          <Button variant="danger" disabled={!isOwner || change.isPending} onClick={() => void apply('')}>
            Remove these rules
          </Button>
        )}
        {me && !isOwner && <span className="text-ink-3 text-xs">Only owners change rules</span>}
      </div>
      <div aria-live="polite" className="mt-3">
        {replays && !notReplayed && <Changes replays={replays} isStale={replayed?.text !== text} />}
      </div>
    </section>
  );
}

function Changes({ replays, isStale }: { replays: Replays; isStale: boolean }) {
  const actions = replays.reduce((sum, each) => sum + each.actions, 0);
  const changed = replays.flatMap(({ counts }) => counts).reduce((sum, { count }) => sum + count, 0);
  const where = replays.length === 1 ? 'this session' : formatNoun(replays.length, 'session');
  return (
    <>
      <p className={isStale ? 'text-ink-3' : ''}>
        {formatNoun(actions, 'action')} of {where},{' '}
        <span className="font-medium">{changed} would be judged otherwise</span>
        {isStale && ', by the rules as they were before your last edit'}
      </p>
      <ol className="mt-2">
        {replays.flatMap(({ sessionId, sessionName, changes }) =>
          changes.map(({ actionId, command, tool, paths, before, after }) => (
            <li key={`${sessionId} ${actionId}`} className="flex min-h-8 items-center gap-2 border-line border-t py-1">
              <VerdictWord verdict={before.verdict} isQuiet />
              <span aria-hidden="true" className="text-ink-3">
                →
              </span>
              <VerdictWord verdict={after.verdict} />
              <code className="min-w-0 flex-1 truncate" title={command ?? undefined}>
                <ExactText text={actionText({ command, tool, paths })} />
              </code>
              <span className="flex-none text-ink-3 text-xs max-wide:hidden">
                {replays.length > 1 ? sessionName : after.rule}
              </span>
            </li>
          )),
        )}
      </ol>
    </>
  );
}
