/** Facts about the rules in force. Joined into the one table of event.ts. */
import * as z from 'zod';
import { prose } from './prose.ts';
import { maxWorkspaceText } from './workspace-file.ts';

const path = prose(4096);

/** Whose rules: of everybody on this server, of a workspace file, of one session. The strictest word counts. */
export const policyLevels = ['server', 'workspace', 'session'] as const;
export type PolicyLevel = (typeof policyLevels)[number];

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
    /** What its owner should know of it, one line each, with its place in the file. Absent: nothing. */
    warnings: z.array(prose(20_000)).max(20).optional(),
  }),
  /** What the server or a session adds to workspace files from here on. */
  'policy.changed': z.object({
    level: z.enum(['server', 'session']),
    /** '' where nothing is added any more. */
    text: prose(maxWorkspaceText),
    hash: prose(64),
    /** Of a session: absolute paths and patterns. */
    restricted: z.array(path).max(1_000),
    /** The address and the program that it was asked from; absent before it was recorded. */
    from: prose(300).optional(),
  }),
} as const;
