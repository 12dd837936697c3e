/** The current time as a value that components can render; ticks each second or each minute. */
import { useCallback, useSyncExternalStore } from 'react';

/** `fine`: each second, for ages under a minute; `coarse`: each minute; `still`: never, and the time is 0. */
export type Pace = 'fine' | 'coarse' | 'still';

const stepMs: Record<Pace, number> = { fine: 1_000, coarse: 15_000, still: Number.POSITIVE_INFINITY };

/** Milliseconds since the epoch, 0 while rendering on the server. */
export function useNow(pace: Pace): number {
  const step = stepMs[pace];
  const subscribe = useCallback(
    (changed: () => void) => {
      if (!Number.isFinite(step)) return () => undefined;
      const timer = setInterval(changed, step);
      return () => clearInterval(timer);
    },
    [step],
  );
  const read = useCallback(() => (Number.isFinite(step) ? Math.floor(Date.now() / step) * step : 0), [step]);
  return useSyncExternalStore(subscribe, read, () => 0);
}

/** The pace at which an age that began at `at` (ISO 8601) has to be written again. */
export const paceOf = (at: string, now: number): Pace => (now - Date.parse(at) < 60_000 ? 'fine' : 'coarse');
