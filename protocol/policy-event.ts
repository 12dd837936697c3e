/** Facts about the rules in force. Joined into the one table of event.ts. */
import * as z from 'zod';
import { prose } from './prose.ts';

/** Longest workspace file, in characters. */
export const maxWorkspaceText = 256 * 1024;

const path = prose(4096);

/** What a runner needs to know of a policy to state facts. Paths as they are where the checkout is made from. */
export const policyPlaceSchema = z.object({
  /** The folder that agents work in, absolute. */
  base: path,
  /** Absolute paths and patterns. */
  restricted: z.array(path).max(1_000),
});
export type PolicyPlace = z.infer<typeof policyPlaceSchema>;

export const policyEventPayloads = {
  /** A workspace file is in force from here on, as it was read. */
  'policy.set': policyPlaceSchema.extend({
    /** Absolute path of the file. */
    file: path,
    text: prose(maxWorkspaceText),
    /** sha256 of what it means, hex. */
    hash: prose(64),
    /** What its reader should know, one sentence each, with line and column. */
    warnings: z.array(prose(1_000)).max(100),
  }),
} as const;
