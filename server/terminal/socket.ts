/**
 * A viewer's socket (`/ws/terminal/TRM`): parses and bounds what it says and turns it into calls. Knows no terminal
 * beyond the calls it is given.
 */
import type { WebSocket } from 'ws';
import { AppError } from '#protocol/error.ts';
import { decodeFrame, type InputFrame, maxInputBytes } from '#protocol/terminal-frame.ts';
import { type FromViewer, fromViewerSchema } from '#protocol/viewer-message.ts';
import { expected, internalError, parseJson, type RateLimit, TokenBucket } from '#server/http/index.ts';

export interface SocketCalls {
  input(frame: InputFrame, raw: Uint8Array): void;
  message(message: FromViewer): void;
  closed(): void;
}

/** Keystroke messages, typed bytes, `drawn` reports, sizes and wishes, per socket. Beyond them it is closed with 4429. */
const limits = {
  inputMessages: { perSecond: 1_000, burst: 2_000 },
  inputBytes: { perSecond: 1024 * 1024, burst: 4 * 1024 * 1024 },
  drawn: { perSecond: 2_000, burst: 4_000 },
  size: { perSecond: 200, burst: 400 },
  wish: { perSecond: 10, burst: 30 },
} as const satisfies Record<string, RateLimit>;

const tooFast = (what: string) => new AppError({ code: 'rate.exceeded', message: `${what}: too many per second` });

/** Attaches to an open socket. A bad frame closes it with the code of its error and a reason that names the field. */
export function serveSocket(options: {
  socket: WebSocket;
  calls: SocketCalls;
  now: () => number;
  note: (line: string) => void;
}): void {
  const { socket, calls, now } = options;
  const buckets = new Map(Object.entries(limits).map(([kind, limit]) => [kind, new TokenBucket(limit, now())]));
  const spend = (kind: keyof typeof limits, cost = 1) => {
    if (!buckets.get(kind)?.take(cost, now())) throw tooFast(kind);
  };

  function binary(data: Buffer): void {
    const frame = decodeFrame(data);
    if (frame.kind !== 'input')
      throw new AppError({ code: 'input.invalid', message: 'terminal frame: viewers send input only' });
    if (frame.data.length > maxInputBytes) {
      throw new AppError({ code: 'input.too-large', message: `input: at most ${maxInputBytes} bytes at once` });
    }
    spend('inputMessages');
    spend('inputBytes', frame.data.length);
    calls.input(frame, data);
  }

  function text(data: Buffer): void {
    const parsed = fromViewerSchema.safeParse(parseJson(data.toString('utf8')));
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new AppError({
        code: 'input.invalid',
        message: `${issue?.path.join('.') || 'message'}: ${issue?.message}`,
      });
    }
    const { type } = parsed.data;
    spend(type === 'drawn' || type === 'size' ? type : 'wish');
    calls.message(parsed.data);
  }

  socket.on('message', (data: Buffer, isBinary: boolean) => {
    try {
      if (isBinary) binary(data);
      else text(data);
    } catch (cause) {
      const error = expected(cause);
      socket.close(error?.facts.ws ?? 4503, error?.message ?? internalError(cause, 'terminal socket', options.note));
    }
  });
  socket.on('close', () => calls.closed());
}
