/** The limits that the operating system sets around a session's programs. */
import * as z from 'zod';

/** `none`: whatever the person who started the server may do, its programs may do. */
export const sandboxKinds = ['bubblewrap', 'none'] as const;
export const sandboxKindSchema = z.enum(sandboxKinds);
export type SandboxKind = z.infer<typeof sandboxKindSchema>;

const path = z.string().max(4_096);
const paths = z.array(path).max(1_000);

/** What programs of a session see, as its runner knows it. Absolute paths, each the same inside and outside. */
export const sandboxViewSchema = z.object({
  kind: sandboxKindSchema,
  /** What they may change. */
  writable: paths,
  /** What else they see, beside `/etc`'s usual files. */
  readOnly: paths,
  /** Within what they may change: what they may not. */
  pinned: paths,
  /** Restricted paths and patterns: not there. */
  hidden: paths,
  /** As whom they run: a numeric user; null where that is not known. */
  uid: z.number().int().min(0).nullable(),
  /** The newest self-test; null without a sandbox, or while it runs. `failure`: what it failed at; null: it holds. */
  tested: z
    .object({ at: z.iso.datetime(), probes: z.number().int().min(0), failure: z.string().nullable() })
    .nullable(),
});
export type SandboxView = z.infer<typeof sandboxViewSchema>;
