/** For tests: what a notification may hold. */
import * as z from 'zod';
import type { Notice } from './notice.ts';

export const noticeSchema: z.ZodType<Notice> = z.object({
  title: z.string().min(1).max(200),
  body: z.string().max(1_000),
  url: z.string().regex(/^\/[a-z0-9_/]*$/),
  tag: z.string().min(1).max(60),
  isSettled: z.boolean(),
});
