/** The settings of notifications: this browser, and the person's others. */
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { type SubscribedBrowser, useTRPC } from '#components/api/api.ts';
import { failureOf } from '#components/api/failure.ts';
import { useConnection } from '#components/api/provider.tsx';
import { Button } from '#components/ui/button.tsx';
import { formatClock } from '#components/ui/format.ts';
import { useNow } from '#components/ui/use-now.ts';
import { markOf, stateWords } from './notify-state.ts';
import { type NotifyChanges, useMyBrowsers, useNotifyChanges, useNotifyChoice, useNotifyState } from './use-notify.ts';

export function NotifySettings() {
  const { data: browsers, error } = useMyBrowsers();
  const { data: me } = useQuery(useTRPC().person.me.queryOptions());
  const isOffline = useConnection().kind === 'offline';
  const [choice] = useNotifyChoice();
  const changes = useNotifyChanges();
  const mayDecide = me === undefined || me.role === 'owner' || me.role === 'editor';
  const blocked = isOffline ? 'Not while offline' : mayDecide ? null : 'Only editors and owners are asked';
  const others = (browsers ?? []).filter(({ id }) => choice.kind !== 'push' || id !== choice.id);
  return (
    <section aria-labelledby="notifications" className="border-line border-b">
      <header className="px-4 pt-5 pb-3.5">
        <h2 id="notifications" className="font-medium text-lg leading-6 tracking-[-0.011em]">
          Notifications
        </h2>
        <p className="mt-1 max-w-[64ch] text-ink-2">
          When an agent waits for a decision, your browsers tell you, and lead to it. What they say is encrypted for the
          browser; its maker’s push service sees only that something was sent.
        </p>
      </header>
      <ul className="border-line border-t [&>li:last-child]:border-b-0">
        <ThisBrowser changes={changes} blocked={blocked} />
        {others.map((browser) => (
          <OtherBrowser key={browser.id} browser={browser} changes={changes} blocked={blocked} />
        ))}
      </ul>
      {error && !browsers && (
        <p role="alert" className="px-4 pb-3.5 text-problem text-xs">
          Your other browsers were not loaded: {failureOf(error).message}
        </p>
      )}
    </section>
  );
}

interface RowProps {
  changes: NotifyChanges;
  /** Why nothing can be changed now; null when it can. */
  blocked: string | null;
}

function ThisBrowser({ changes, blocked }: RowProps) {
  const known = useNotifyState();
  const state = known?.state ?? null;
  const isOn = state === 'push' || state === 'tab';
  const { isPending, failure, isTested } = changes;
  const may = { disabled: isPending || blocked !== null, title: blocked ?? undefined };
  const note = failure?.message ?? (isTested && isOn ? 'Sent: it appears in a moment.' : null);
  return (
    <Row
      mark={state ? markOf[state] : 'mark-idle'}
      title="This browser"
      words={known ? stateWords(known.state, known.facts) : 'Looking'}
      note={note && <span className={failure ? 'text-problem' : 'text-ink-3'}>{note}</span>}
    >
      {state === 'off' && (
        <Button {...may} onClick={changes.enable}>
          Turn on
        </Button>
      )}
      {isOn && (
        <>
          <Button {...may} onClick={changes.test}>
            Send a test
          </Button>
          <Button {...may} variant="danger" onClick={changes.disable}>
            Turn off
          </Button>
        </>
      )}
    </Row>
  );
}

function OtherBrowser({
  browser: { id, browser, createdAt },
  changes,
  blocked,
}: RowProps & { browser: SubscribedBrowser }) {
  const now = useNow('coarse');
  return (
    <Row
      mark="mark-done"
      title={browser}
      words={now > 0 ? `On since ${formatClock(createdAt, now)}` : 'On'}
      note={null}
    >
      <Button
        variant="danger"
        disabled={changes.isPending || blocked === 'Not while offline'}
        aria-label={`Turn off in ${browser}`}
        onClick={() => changes.remove(id)}
      >
        Turn off
      </Button>
    </Row>
  );
}

interface RowFrameProps {
  mark: string;
  title: string;
  words: string;
  note: ReactNode;
  children: ReactNode;
}

function Row({ mark, title, words, note, children }: RowFrameProps) {
  return (
    <li className="flex flex-wrap items-start gap-x-4 gap-y-3 border-line border-b px-4 py-3.5">
      <span className={`mark mt-1 ${mark}`} aria-hidden="true" />
      <div className="min-w-0 flex-1">
        <h3 className="truncate font-medium">{title}</h3>
        <div role="status" className="mt-0.5 text-ink-2">
          <p className="max-w-[64ch]">{words}</p>
          {note && <p className="mt-1 max-w-[64ch] text-xs">{note}</p>}
        </div>
      </div>
      <div className="flex gap-2 empty:hidden max-wide:w-full max-wide:*:flex-1">{children}</div>
    </li>
  );
}
