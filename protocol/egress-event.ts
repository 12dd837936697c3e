/** Facts about what left a session by its egress proxy. Joined into the one table of event.ts. */
import * as z from 'zod';
import { turnIdSchema } from './id.ts';
import { prose } from './prose.ts';
import { agentNameSchema } from './turn-event.ts';

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** Hosts that one fact counts by name; all others stand together as `*`. */
export const maxCountedHosts = 100;

export const egressEventPayloads = {
  /**
   * Connections of one agent that are over, by host and port: stated when their turn is over, and once a minute at most
   * before. Each connection is in one such fact; verdicts are actions.
   */
  'egress.counted': z.object({
    /** Null: of no turn. */
    turnId: turnIdSchema.nullable(),
    /** `shell` where no agent made them. */
    agent: agentNameSchema,
    hosts: z
      .array(
        z.object({
          /** Lower case; `*` for those that are not named. */
          host: prose(300),
          /** 0 for those that are not named. */
          port: z.number().int().min(0).max(65_535),
          /** Let through, and of these those that came to nothing; refused. */
          allowed: count,
          failed: count,
          refused: count,
          /** Bytes sent to the host and received from it. */
          sent: count,
          received: count,
        }),
      )
      .min(1)
      .max(maxCountedHosts + 1),
  }),
} as const;
