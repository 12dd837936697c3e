/** JSON messages of a terminal socket (`/ws/terminal/TRM?after=OFFSET`); bytes travel beside them as binary frames. */
import * as z from 'zod';
import { colsSchema, rowsSchema } from './event.ts';
import { personIdSchema, terminalIdSchema } from './id.ts';
import { roleSchema } from './role.ts';

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export const fromViewerSchema = z.discriminatedUnion('type', [
  /** Everything up to `offset` is drawn. Viewers that fall 1 MiB behind get a snapshot instead of the bytes between. */
  z.object({ type: z.literal('drawn'), offset: count }),
  /** The size of the viewer's window. It takes effect while the viewer drives; others scale. */
  z.object({ type: z.literal('size'), cols: colsSchema, rows: rowsSchema }),
  z.object({ type: z.literal('take') }),
  z.object({ type: z.literal('request') }),
  /** Hand over to `to`, or release with null. Only the driver may. */
  z.object({ type: z.literal('give'), to: personIdSchema.nullable() }),
]);
export type FromViewer = z.infer<typeof fromViewerSchema>;

const person = z.object({ personId: personIdSchema, name: z.string() });

export const toViewerSchema = z.discriminatedUnion('type', [
  /** Sent on attach and on every change of its fields. */
  z.object({
    type: z.literal('state'),
    terminalId: terminalIdSchema,
    you: person.extend({ role: roleSchema }),
    driver: person.extend({ since: z.iso.datetime() }).nullable(),
    watchers: z.array(person),
    /** People who asked for the wheel, oldest first. */
    requests: z.array(person),
    /** False while the runner cannot be reached; the screen is the last known one. */
    isLive: z.boolean(),
    closed: z.object({ exitCode: z.number().int().nullable(), signal: z.number().int().nullable() }).nullable(),
    cols: colsSchema,
    rows: rowsSchema,
  }),
  z.object({ type: z.literal('resized'), n: count, offset: count, cols: colsSchema, rows: rowsSchema }),
  /** Your input up to `n` reached the program. */
  z.object({ type: z.literal('input-acked'), n: count }),
  /** Your input was dropped; `drives` is who drives, `why` what else speaks against it: "paused by Ada". */
  z.object({
    type: z.literal('input-refused'),
    n: count,
    drives: z.string().nullable(),
    why: z.string().nullish(),
  }),
]);
export type ToViewer = z.infer<typeof toViewerSchema>;
