/** What a failed call means: the code of the server's error and a sentence that is safe to show. Pure. */

import { TRPCClientError } from '@trpc/client';
import { asSentence } from '#components/ui/format.ts';
import type { ErrorCode } from '#protocol/error.ts';
import { errorCodes } from '#protocol/error.ts';

export interface Failure {
  /** `browser.failed`: nobody was asked, it failed here. */
  code: ErrorCode | 'browser.failed';
  /** A sentence for people, says what to do where it can. */
  message: string;
  /** The same call may succeed later. */
  isRetryable: boolean;
}

const isCode = (value: unknown): value is ErrorCode => typeof value === 'string' && value in errorCodes;

/** Reads whatever a call threw. A call without any answer counts as `server.unreachable`; what the browser refuses is said in its words. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Error && !(error instanceof TRPCClientError) && !('data' in error)) {
    const message = asSentence(error.message || error.name);
    return { code: 'browser.failed', message, isRetryable: false };
  }
  const data: unknown = error instanceof Error && 'data' in error ? error.data : null;
  const answered = data !== null && typeof data === 'object' ? (data as { appCode?: unknown }) : null;
  if (answered === null || error === null) {
    return { code: 'server.unreachable', message: 'No answer from the server.', isRetryable: true };
  }
  const code = isCode(answered.appCode) ? answered.appCode : 'server.internal';
  return { code, message: asSentence((error as Error).message), isRetryable: errorCodes[code].isRetryable };
}
