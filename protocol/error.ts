/** The one error type and the one table of its codes; edges translate through this table and nowhere else. */

interface CodeFacts {
  http: number;
  /** WebSocket close code of contract.md. */
  ws: number;
  /** CLI exit code of contract.md. */
  exit: number;
  /** The same request may succeed later without being changed. */
  isRetryable: boolean;
}

const facts = (http: number, ws: number, exit: number, isRetryable = false): CodeFacts => ({
  http,
  ws,
  exit,
  isRetryable,
});

/** Codes are `noun.reason`. A caller who may not know that a thing exists gets `….not-found`, never `….forbidden`. */
export const errorCodes = {
  'input.invalid': facts(400, 4400, 2),
  'input.unsupported': facts(415, 4400, 2),
  'input.too-large': facts(413, 4413, 2),
  'auth.required': facts(401, 4401, 6),
  'auth.link-expired': facts(410, 4401, 10),
  'auth.forbidden': facts(403, 4403, 6),
  'auth.too-many-tries': facts(429, 4429, 6, true),
  'origin.refused': facts(403, 4403, 6),
  'host.refused': facts(421, 4403, 6),
  'session.not-found': facts(404, 4404, 10),
  'session.ambiguous': facts(409, 4409, 2),
  'session.not-running': facts(409, 4409, 9, true),
  'session.ended': facts(409, 4409, 9),
  'session.paused': facts(409, 4409, 9, true),
  'session.conflict': facts(409, 4409, 9),
  'turn.not-found': facts(404, 4404, 10),
  'policy.changed': facts(409, 4409, 9),
  'approval.not-found': facts(404, 4404, 10),
  'approval.already-decided': facts(409, 4409, 9),
  'approval.expired': facts(410, 4409, 10),
  'approval.changed': facts(409, 4409, 9),
  'approval.not-yours': facts(403, 4403, 6),
  'approval.refused': facts(403, 4403, 6),
  'push.not-found': facts(404, 4404, 10),
  'push.failed': facts(503, 4503, 1, true),
  'terminal.not-found': facts(404, 4404, 10),
  'terminal.closed': facts(409, 4409, 9),
  'terminal.not-driver': facts(403, 4403, 6),
  'person.not-found': facts(404, 4404, 10),
  'event.unstorable': facts(400, 4400, 2),
  'runner.refused': facts(403, 4403, 6),
  'runner.replaced': facts(409, 4409, 9),
  'runner.unreachable': facts(503, 4503, 1, true),
  'checkout.failed': facts(422, 4400, 1),
  'checkout.unsaved': facts(409, 4409, 9),
  'workspace.invalid': facts(400, 4400, 2),
  'source.invalid': facts(400, 4400, 2),
  'launch.failed': facts(500, 4503, 1),
  'sandbox.failed': facts(409, 4409, 1),
  'rate.exceeded': facts(429, 4429, 1, true),
  'sockets.exceeded': facts(429, 4429, 1, true),
  'database.unavailable': facts(503, 4503, 1, true),
  'database.locked': facts(503, 4503, 5),
  'port.taken': facts(500, 4503, 4),
  'secret.not-found': facts(404, 4404, 10),
  'secret.no-next-key': facts(409, 4409, 9),
  'secret.unusable': facts(500, 4503, 1),
  'credential.refused': facts(403, 4403, 6),
  'credential.unreachable': facts(502, 4503, 1, true),
  'credential.echoed': facts(502, 4503, 1),
  'server.unreachable': facts(503, 4503, 3, true),
  'server.internal': facts(500, 4503, 1),
} as const satisfies Record<string, CodeFacts>;

export type ErrorCode = keyof typeof errorCodes;

/**
 * An expected failure. `message` is safe to show and says what to do; `detail` and `cause` are only logged.
 * Source of the codes: `errorCodes`.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;

  constructor(options: { code: ErrorCode; message: string; detail?: string; cause?: unknown }) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = options.code;
    this.detail = options.detail;
  }

  get facts(): CodeFacts {
    return errorCodes[this.code];
  }
}
