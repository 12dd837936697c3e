/** What went wrong, as one line for stderr and an exit code of contract.md. Nothing here prints a stack. */
import { AppError, type ErrorCode, errorCodes } from '#protocol/error.ts';
import { printable } from './io.ts';

export interface Failure {
  exit: number;
  /** One printable line. */
  message: string;
  /** The same may succeed later without being changed. */
  isRetryable: boolean;
}

const isCode = (value: unknown): value is ErrorCode => typeof value === 'string' && Object.hasOwn(errorCodes, value);

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;

const lineOf = (text: string): string => printable(text.replace(/\s*\n\s*/g, ' ').trim());

function failure(code: ErrorCode, message: string): Failure {
  const { exit, isRetryable } = errorCodes[code];
  return { exit, isRetryable, message: lineOf(message) };
}

/** Reads whatever was thrown; an AppError anywhere among the causes decides. What nobody expected is exit 1. */
export function failureOf(cause: unknown): Failure {
  for (let at = cause; at instanceof Error; at = at.cause) {
    if (at instanceof AppError) return failure(at.code, at.message);
    const code = field(field(at, 'data'), 'appCode');
    if (isCode(code)) return failure(code, at.message);
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  return { exit: 1, isRetryable: false, message: lineOf(message || 'it failed without saying why') };
}
