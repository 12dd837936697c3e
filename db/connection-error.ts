/** Tells errors that end by themselves (Postgres is away or restarting) from those that do not. */

/** Of the client library and the socket. */
const clientCodes = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/**
 * SQLSTATE classes and codes (https://www.postgresql.org/docs/18/errcodes-appendix.html): connection exception,
 * insufficient resources (disk full among them), operator intervention, system error, and the two that ask for a retry.
 */
const sqlStates = /^(08...|53...|57P0[1-5]|58...|40001|40P01)$/;

/**
 * True when the same statement may succeed later. It says nothing about whether this one did: a connection that broke
 * after sending leaves that unknown.
 */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return false;
  return clientCodes.has(error.code) || sqlStates.test(error.code);
}
