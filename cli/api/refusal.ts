/** The server's own error where an answer comes from before its API: not signed in, wrong host, no such route. */
import * as z from 'zod';
import { AppError, type ErrorCode, errorCodes } from '#protocol/error.ts';

const codes = Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]];
const refusalSchema = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue('not JSON');
      return z.NEVER;
    }
  })
  .pipe(z.object({ error: z.object({ code: z.enum(codes), message: z.string() }) }));

/** Null where the answer is something else: the API's own, a proxy's, another program's. */
export function parseRefusal(text: string): AppError | null {
  const refusal = refusalSchema.safeParse(text);
  return refusal.success ? new AppError(refusal.data.error) : null;
}
