/** The limits that the operating system sets around a session's programs. */
import * as z from 'zod';

/** `none`: whatever the person who started the server may do, its programs may do. */
export const sandboxKinds = ['bubblewrap', 'none'] as const;
export const sandboxKindSchema = z.enum(sandboxKinds);
export type SandboxKind = z.infer<typeof sandboxKindSchema>;
