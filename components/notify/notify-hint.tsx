/** Says once, where questions wait, that this browser could tell of them. */
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useTRPC } from '#components/api/api.ts';
import { Button } from '#components/ui/button.tsx';
import { storedWord, useStored } from '#components/ui/use-stored.ts';
import { useNotifyChanges, useNotifyState } from './use-notify.ts';

const storedHint = storedWord('omnigent.notify-hint', ['open', 'done'], 'open');

export function NotifyHint() {
  const [hint, setHint] = useStored(storedHint);
  const { data: me } = useQuery(useTRPC().person.me.queryOptions());
  const known = useNotifyState();
  const { enable, isPending, failure } = useNotifyChanges();
  const mayDecide = me?.role === 'owner' || me?.role === 'editor';
  const isOn = known?.state === 'push' || known?.state === 'tab';
  // Whoever has had them on knows where to find them.
  useEffect(() => {
    if (isOn) setHint('done');
  }, [isOn, setHint]);
  if (hint === 'done' || known?.state !== 'off' || !mayDecide) return null;
  return (
    <section
      aria-label="Notifications"
      className="flex flex-none flex-wrap items-center gap-x-3 gap-y-2 border-line border-b px-4 py-2 text-xs"
    >
      <p className="min-w-[20ch] flex-1 text-ink-2">
        {failure ? (
          <span role="alert" className="text-problem">
            {failure.message}
          </span>
        ) : (
          'This browser can tell you what waits.'
        )}
      </p>
      <span className="flex gap-1 max-wide:w-full max-wide:*:flex-1">
        <Button size="small" disabled={isPending} onClick={enable}>
          Turn on
        </Button>
        <Button size="small" variant="quiet" onClick={() => setHint('done')}>
          Not now
        </Button>
      </span>
    </section>
  );
}
