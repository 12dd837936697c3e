/** How long to wait before a server that is away is tried again. */

const retryMinMs = 100;
const retryMaxMs = 3_000;

/** Half to all of an exponentially growing delay, in ms. `attempt` counts failures in a row from 0. */
export const retryDelayMs = (attempt: number): number =>
  Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2);
