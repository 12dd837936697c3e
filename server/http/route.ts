/** Every path that the entrance answers itself; whatever is not here is a page of app/. Knows no handler. */

export const routes = {
  health: '/healthz',
  readiness: '/readyz',
  signIn: '/api/sign-in',
  signOut: '/api/sign-out',
  /** Followed by the path of a model API; for runners, which prove themselves with their key. */
  gateway: '/gateway/',
  /** Followed by a procedure's path. */
  procedures: '/api/trpc/',
} as const;

export const socketPaths = {
  events: '/ws/events',
  runner: '/ws/runner',
  /** Followed by a terminal's id. */
  terminal: '/ws/terminal/',
} as const;
