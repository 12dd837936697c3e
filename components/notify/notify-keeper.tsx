/** What every tab does for notifications: mends this browser's subscription, shows what waits, follows their clicks. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { useRouter } from 'next/navigation';
import { useEffect, useRef } from 'react';
import { useTRPC } from '#components/api/api.ts';
import { askNotice } from '#protocol/notice.ts';
import { closeHere, onOpenPath, openAgain, showHere } from './browser-push.ts';
import { repairOf } from './notify-state.ts';
import {
  useBrowserFacts,
  useForgetBrowser,
  useMyBrowsers,
  useNotifyChanges,
  useNotifyChoice,
  useNotifyState,
} from './use-notify.ts';

export function NotifyKeeper() {
  const router = useRouter();
  useEffect(() => onOpenPath((path) => void (path === location.pathname ? openAgain() : router.push(path))), [router]);
  useRepair();
  return useNotifyState()?.state === 'tab' ? <TabNotices /> : null;
}

/** Once for each page that is loaded. */
function useRepair(): void {
  const { data: facts } = useBrowserFacts();
  const { data: browsers } = useMyBrowsers();
  const [choice] = useNotifyChoice();
  const { renew } = useNotifyChanges();
  const forget = useForgetBrowser();
  const isDone = useRef(false);
  useEffect(() => {
    if (isDone.current || !facts || !browsers) return;
    isDone.current = true;
    const known = browsers.map(({ id }) => id);
    const repair = repairOf(facts, choice, known);
    if (repair === 'renew') renew();
    // A subscription that the browser cannot give up now is given up at the next load.
    if (repair === 'drop') forget().catch(() => undefined);
  });
}

/** Changes of sessions come in bursts, in ms. */
const settleMs = 150;

/** Without pushes this tab tells, while nobody looks at it. */
function TabNotices() {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  /** What has been waiting before, or was told; null before the first answer. */
  const told = useRef<Set<string> | null>(null);
  useSubscription(
    trpc.session.changes.subscriptionOptions(undefined, {
      onData: () => {
        timer.current ??= setTimeout(() => {
          timer.current = null;
          void queries.invalidateQueries({ queryKey: trpc.approval.list.queryKey({ decided: 0 }) });
        }, settleMs);
      },
    }),
  );
  const { data } = useQuery(trpc.approval.list.queryOptions({ decided: 0 }));
  useEffect(() => {
    if (!data) return;
    const before = told.current;
    const now = new Map(data.pending.map((approval) => [approval.id as string, approval]));
    told.current = new Set(now.keys());
    if (!before) return;
    const fresh = document.hidden ? [...now.values()].filter(({ id }) => !before.has(id)) : [];
    const over = [...before].filter((id) => !now.has(id));
    // What the browser refuses to show waits in the inbox all the same.
    Promise.all([...fresh.map((each) => showHere(askNotice(each))), ...over.map(closeHere)]).catch(() => undefined);
  }, [data]);
  return null;
}
