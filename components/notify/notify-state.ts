/** Whether this browser tells of what waits, and what is to be done about it. Pure. */

/** What the browser can do and was allowed. */
export type BrowserFacts =
  | { kind: 'unable'; why: 'insecure' | 'missing' }
  /** `subscriptionId`: of its subscription to pushes; null: it has none. `canPush`: it speaks to a push service at all. */
  | { kind: 'able'; permission: NotificationPermission; canPush: boolean; subscriptionId: string | null };

/** What the person chose in this browser: nothing, notifications of an open tab, or the subscription that was made. */
export type Choice = { kind: 'none' } | { kind: 'tab' } | { kind: 'push'; id: string };

export type NotifyState = 'unable' | 'denied' | 'off' | 'tab' | 'push';

/** `known`: ids of the person's subscriptions, as the server has them. */
export function notifyState(facts: BrowserFacts, choice: Choice, known: readonly string[]): NotifyState {
  if (facts.kind === 'unable') return 'unable';
  if (facts.permission === 'denied') return 'denied';
  if (facts.permission !== 'granted') return 'off';
  const { subscriptionId } = facts;
  if (choice.kind === 'push' && subscriptionId === choice.id && known.includes(choice.id)) return 'push';
  return choice.kind === 'tab' ? 'tab' : 'off';
}

/**
 * What a page that opens has to put right: `renew` where the browser lost or changed a subscription that is wanted, `drop`
 * where it has one that this person did not make, or has removed elsewhere.
 */
export function repairOf(facts: BrowserFacts, choice: Choice, known: readonly string[]): 'none' | 'renew' | 'drop' {
  if (facts.kind === 'unable' || facts.permission !== 'granted') return 'none';
  const { subscriptionId } = facts;
  const isWanted = choice.kind === 'push' && known.includes(choice.id);
  if (isWanted) return subscriptionId === choice.id ? 'none' : 'renew';
  return subscriptionId === null && choice.kind !== 'push' ? 'none' : 'drop';
}

export const markOf: Record<NotifyState, string> = {
  ...{ unable: 'mark-idle', denied: 'mark-needs', off: 'mark-idle', tab: 'mark-done', push: 'mark-done' },
};

export function stateWords(state: NotifyState, facts: BrowserFacts): string {
  switch (state) {
    case 'unable':
      return facts.kind === 'unable' && facts.why === 'insecure'
        ? 'Not over plain HTTP: browsers notify only for https and for this machine'
        : 'This browser has no notifications for web pages';
    case 'denied':
      return 'Blocked in the browser: allow notifications for this address in its settings, then reload';
    case 'off':
      return 'Off';
    case 'tab':
      return 'On while a tab of Omnigent is open: this browser reached no push service';
    case 'push':
      return 'On, also while no tab is open';
  }
}

const browsers: readonly [RegExp, string][] = [
  [/Edg\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/Firefox\/|FxiOS\//, 'Firefox'],
  [/Chrome\/|CriOS\//, 'Chrome'],
  [/Safari\//, 'Safari'],
];
const systems: readonly [RegExp, string][] = [
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iOS'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/CrOS/, 'ChromeOS'],
  [/Linux/, 'Linux'],
];

/** "Firefox on Linux". */
export function browserName(userAgent: string): string {
  const [browser, system] = [browsers, systems].map((list) => list.find(([pattern]) => pattern.test(userAgent))?.[1]);
  return `${browser ?? 'A browser'}${system ? ` on ${system}` : ''}`;
}
