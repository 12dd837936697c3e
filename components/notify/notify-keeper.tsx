/** What every tab does for notifications: mends this browser's subscription, shows what waits, follows their clicks. */
import { useQuery } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { useRouter } from 'next/navigation';
import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { type Approval, useTRPC, useTRPCClient } from '#components/api/api.ts';
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
import { type News, WaitingWatch } from './waiting-watch.ts';

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

/** Without pushes this tab tells, while nobody looks at it. A change brings what its session asks: the inbox is read at first and after an outage only. */
function TabNotices() {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const [watch] = useState(() => new WaitingWatch());
  const tell = ({ fresh, over }: News) => {
    const shown = document.hidden ? fresh : [];
    const show = async (id: string) =>
      showHere(askNotice(await client.approval.get.query({ id: id as Approval['id'] })));
    // What the browser refuses to show, and what the server does not tell, waits in the inbox all the same.
    Promise.all([...shown.map(show), ...over.map(closeHere)]).catch(() => undefined);
  };
  useSubscription(
    trpc.session.changes.subscriptionOptions(undefined, { onData: ({ view }) => tell(watch.session(view)) }),
  );
  const { data } = useQuery(trpc.approval.list.queryOptions({ decided: 0 }, { staleTime: 0 }));
  const tellAll = useEffectEvent((pending: readonly Approval[]) =>
    tell(watch.all(pending.filter(({ status }) => status === 'pending'))),
  );
  useEffect(() => {
    if (data) tellAll(data.pending);
  }, [data]);
  return null;
}
