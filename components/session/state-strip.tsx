/** What a session's state means for its terminals, above them; what to do about it. */
import type { ReactNode } from 'react';
import { useRefusal } from '#components/person/use-refusal.ts';
import { Button } from '#components/ui/button.tsx';
import { Notice } from '#components/ui/notice.tsx';
import { PhraseText } from '#components/ui/phrase-text.tsx';
import { StateMark } from '#components/ui/state-mark.tsx';
import { useNow } from '#components/ui/use-now.ts';
import { badgeFor } from './badge.ts';
import { isFrozen, isResumable, type SessionView } from './session-facts.ts';
import { useSessionActions } from './use-session-actions.ts';

const standing = 'Everything in it stands still, nothing is lost. Resume lets it go on where it is.';
const gone = 'No program runs. The checkout is as it was left; Resume starts a new runner in it.';

/** What is safe, by state; null where the terminals speak for themselves. */
function safety(view: SessionView): string | null {
  switch (view.status) {
    case 'unreachable':
      return 'Its programs may go on; the screens are the last known ones.';
    case 'paused':
      return isFrozen(view) ? standing : gone;
    case 'interrupted':
      return gone;
    case 'failed':
      return view.terminals.length > 0 ? 'The checkout is as it was left.' : null;
    case 'ended':
      return 'The timeline and the recordings stay readable.';
    case 'starting':
    case 'working':
    case 'waiting':
    case 'idle':
      return null;
  }
}

/** One or two lines above terminals that can still be read. */
export function StateStrip({ view }: { view: SessionView }) {
  const words = safety(view);
  const now = useNow('coarse');
  const actions = useSessionActions(view.id);
  const refusal = useRefusal('editor');
  if (words === null) return null;
  const badge = badgeFor(view, now);
  return (
    <div className="flex min-h-(--h-bar) flex-none items-center gap-3 border-line border-b bg-surface py-1.5 pr-2 pl-4 text-xs">
      <p role="status" className="flex min-w-0 flex-1 items-start gap-2">
        <StateMark shape={badge.need} className="mt-1" />
        <span className="min-w-0">
          {/* Where the page's top has room for the reason it is not said twice. */}
          <span className="max-wide:hidden full:hidden">
            <span className="font-medium">{badge.verb}:</span> <PhraseText phrase={badge.why} />.{' '}
          </span>
          <span className="text-ink-2">{actions.failure?.message ?? words}</span>
        </span>
      </p>
      {isResumable(view) && (
        // Where the page's top has room for the button, it is there alone.
        <Button
          variant="primary"
          size="small"
          onClick={actions.resume}
          disabled={actions.isDisabled || refusal !== null}
          title={refusal ?? undefined}
          className="wide:hidden"
        >
          {view.status === 'failed' ? 'Retry' : 'Resume'}
        </Button>
      )}
    </div>
  );
}

/** In place of a terminal, when there is none to show. */
export function NoTerminal({ view, onOpen }: { view: SessionView; onOpen: () => void }) {
  const now = useNow('fine');
  const badge = badgeFor(view, now);
  const actions = useSessionActions(view.id);
  const refusal = useRefusal('editor');
  const say = (tone: 'problem' | 'needs' | 'quiet', title: ReactNode, words: ReactNode, action?: ReactNode) => (
    <Notice tone={tone} title={title} action={action}>
      {words}
    </Notice>
  );
  const resume = (label: string) => (
    <Button
      variant="primary"
      onClick={actions.resume}
      disabled={actions.isDisabled || refusal !== null}
      title={refusal ?? undefined}
      className="wide:hidden"
    >
      {label}
    </Button>
  );
  return (
    <div className="min-h-0 flex-1 overflow-y-auto bg-well px-5 py-5 max-wide:px-4">
      {view.status === 'starting' && <Starting why={<PhraseText phrase={badge.why} />} />}
      {view.status === 'failed' && say('problem', 'This session could not be started', view.reason, resume('Retry'))}
      {(view.status === 'paused' || view.status === 'interrupted') &&
        say(
          'quiet',
          <>
            {badge.verb}: <PhraseText phrase={badge.why} />
          </>,
          isFrozen(view) ? standing : 'The checkout is as it was left.',
          resume('Resume'),
        )}
      {view.status === 'ended' &&
        say('quiet', 'This session has ended', 'It had no terminal. Its timeline stays readable.')}
      {view.status === 'unreachable' &&
        say('problem', 'The runner cannot be reached', <>{view.reason}. It is looked for.</>)}
      {(view.status === 'idle' || view.status === 'working' || view.status === 'waiting') &&
        say(
          'quiet',
          'No terminal is open',
          'Open a shell in the checkout.',
          <Button variant="primary" cap="c" onClick={onOpen}>
            Open a shell
          </Button>,
        )}
      {actions.failure && (
        <p role="alert" className="mt-3 pl-6 text-problem">
          {actions.failure.message}
        </p>
      )}
    </div>
  );
}

function Starting({ why }: { why: ReactNode }) {
  return (
    <div role="status" className="flex items-start gap-3">
      <StateMark shape="working" className="mt-1" />
      <div>
        <p className="font-medium">Starting</p>
        <p className="num mt-0.5 text-ink-2">{why}</p>
      </div>
    </div>
  );
}
