/** Notifications of this browser: their state, and turning them on, off and trying them. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTRPC, useTRPCClient } from '#components/api/api.ts';
import { type Failure, failureOf } from '#components/api/failure.ts';
import { type Stored, useStored } from '#components/ui/use-stored.ts';
import { testNotice } from '#protocol/notice.ts';
import { dropSubscription, readBrowser, showHere, subscribePush } from './browser-push.ts';
import { type BrowserFacts, browserName, type Choice, type NotifyState, notifyState } from './notify-state.ts';

const storedChoice: Stored<Choice> = {
  key: 'omnigent.notify',
  initial: { kind: 'none' },
  parse: (text) => {
    if (text === 'tab') return { kind: 'tab' };
    return /^[\w-]{43}$/.test(text) ? { kind: 'push', id: text } : null;
  },
  format: (choice) => (choice.kind === 'push' ? choice.id : choice.kind),
};

export const useNotifyChoice = () => useStored(storedChoice);

const browserKey = ['notify', 'browser'];

/** What the browser can do; asked anew when the window gets the focus, because its own settings may have changed. */
export function useBrowserFacts() {
  return useQuery({
    ...{ queryKey: browserKey, queryFn: readBrowser, refetchOnWindowFocus: 'always' as const },
    networkMode: 'always',
  });
}

/** The person's browsers, as the server has them. */
export const useMyBrowsers = () =>
  useQuery(useTRPC().notify.list.queryOptions(undefined, { refetchOnWindowFocus: 'always' }));

/** Null until it is known. */
export function useNotifyState(): { state: NotifyState; facts: BrowserFacts } | null {
  const { data: facts } = useBrowserFacts();
  const { data: browsers } = useMyBrowsers();
  const [choice] = useNotifyChoice();
  if (!facts) return null;
  // Without a push that could be known there is nothing to ask the server.
  if (!browsers && choice.kind === 'push') return null;
  const known = (browsers ?? []).map(({ id }) => id);
  return { state: notifyState(facts, choice, known), facts };
}

/** Subscribes this browser, and tells the server; where there is no push service an open tab has to do. */
function useSubscribe() {
  const client = useTRPCClient();
  const [, setChoice] = useNotifyChoice();
  return async () => {
    const { publicKey } = await client.notify.prepare.mutate();
    const made = await subscribePush(publicKey);
    if (!made) return setChoice({ kind: 'tab' });
    const { id, ...subscription } = made;
    await client.notify.subscribe.mutate({ ...subscription, browser: browserName(navigator.userAgent) });
    setChoice({ kind: 'push', id });
  };
}

/** This browser tells nobody anything any more; what the server still has of it leads nowhere. */
export function useForgetBrowser(): () => Promise<void> {
  const [, setChoice] = useNotifyChoice();
  return async () => {
    await dropSubscription();
    setChoice({ kind: 'none' });
  };
}

export interface NotifyChanges {
  enable: () => void;
  /** For a subscription that the browser lost or changed: without asking anybody. */
  renew: () => void;
  disable: () => void;
  test: () => void;
  remove: (id: string) => void;
  isPending: boolean;
  isTested: boolean;
  failure: Failure | null;
}

export function useNotifyChanges(): NotifyChanges {
  const client = useTRPCClient();
  const queries = useQueryClient();
  const trpc = useTRPC();
  const subscribe = useSubscribe();
  const forget = useForgetBrowser();
  const [choice] = useNotifyChoice();
  const { mutate, isPending, error, data } = useMutation({
    mutationFn: async (work: () => Promise<'tested' | 'changed'>) => work(),
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: browserKey }),
        queries.invalidateQueries(trpc.notify.list.pathFilter()),
      ]),
  });
  const change = (work: () => Promise<unknown>) => mutate(() => work().then(() => 'changed' as const));
  return {
    enable: () =>
      change(async () => {
        if ((await Notification.requestPermission()) === 'granted') await subscribe();
      }),
    renew: () => change(subscribe),
    disable: () =>
      change(async () => {
        if (choice.kind === 'push') await client.notify.unsubscribe.mutate({ id: choice.id });
        await forget();
      }),
    test: () =>
      mutate(async () => {
        if (choice.kind === 'push') await client.notify.test.mutate({ id: choice.id });
        else await showHere(testNotice);
        return 'tested';
      }),
    remove: (id) => change(() => client.notify.unsubscribe.mutate({ id })),
    isPending,
    isTested: data === 'tested',
    failure: error ? failureOf(error) : null,
  };
}
