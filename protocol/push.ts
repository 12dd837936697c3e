/** A browser's subscription to pushes, as its PushManager gives it. What its endpoint may be is the server's matter. */
import * as z from 'zod';
import { lineSchema } from './event.ts';

/** Bytes in base64url without padding, exactly `bytes` of them. */
const base64url = (bytes: number) => z.base64url().length(Math.ceil((bytes * 4) / 3));

const endpointSchema = z
  .url({ protocol: /^https?$/ })
  .max(1_000)
  .regex(/^[\u0021-\u007e]+$/, 'expected an address in ASCII');

export const pushSubscriptionSchema = z.object({
  endpoint: endpointSchema,
  keys: z.object({
    /** The browser's P-256 point. */
    p256dh: base64url(65),
    auth: base64url(16),
  }),
});
export type PushTarget = z.infer<typeof pushSubscriptionSchema>;

/** sha256 of an endpoint: names a subscription without telling where it is. */
export const subscriptionIdSchema = base64url(32);

/** E.g. "Firefox on Linux". */
export const browserNameSchema = lineSchema(80);
