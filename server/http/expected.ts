/** Which failures have a code and words for the person who meets them. */
import { isPassing } from '#db/connection-error.ts';
import { AppError } from '#protocol/error.ts';

/** The failure as one of our codes; a database that is away is `database.unavailable`. Null: nobody expected it. */
export function expected(cause: unknown): AppError | null {
  if (cause instanceof AppError) return cause;
  if (!isPassing(cause)) return null;
  return new AppError({ code: 'database.unavailable', message: 'the database does not answer, try again', cause });
}
