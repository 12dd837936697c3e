/** The current time as a value that components can render; ticks each second or each minute. */
import { useSyncExternalStore } from 'react';
import { Ticker } from './ticker.ts';

/** `fine`: each second, for ages under a minute; `coarse`: each minute; `still`: never, and the time is 0. */
export type Pace = 'fine' | 'coarse' | 'still';

/** One for the whole page, so that a thousand ages cost one timer and change together. */
const tickers = { fine: new Ticker(1_000), coarse: new Ticker(15_000) } as const;
const still = { subscribe: () => () => undefined, read: () => 0 };

/** Milliseconds since the epoch, 0 while rendering on the server. */
export function useNow(pace: Pace): number {
  const { subscribe, read } = pace === 'still' ? still : tickers[pace];
  return useSyncExternalStore(subscribe, read, () => 0);
}

/** The pace at which an age that began at `at` (ISO 8601) has to be written again. */
export const paceOf = (at: string, now: number): Pace => (now - Date.parse(at) < 60_000 ? 'fine' : 'coarse');
