/** What a session's folder remembers about its checkout, so that a later runner can go on with it or prove it saved. */
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { AppError } from '#protocol/error.ts';
import { handOverOne, type Owner } from './owner.ts';

const recordSchema = z.object({
  version: z.literal(1),
  kind: z.enum(['git', 'folder']),
  /** Top of the source: of its repository, or the folder itself. */
  source: z.string(),
  /** Where programs start, relative to the top; empty for the top. */
  subfolder: z.string().refine((path) => !path.startsWith('/') && !path.split('/').includes('..')),
  branch: z.string().nullable(),
  baseCommit: z.string().nullable(),
  /** Folder of the base that an overlay lies on; null for a copy. */
  base: z.string().startsWith('/').nullable().default(null),
});
export type CheckoutRecord = z.infer<typeof recordSchema>;

const fileName = 'checkout.json';

/** Where the files of a session are. */
export const rootOf = (directory: string): string => join(directory, 'checkout');

const failed = (message: string, cause: unknown) => new AppError({ code: 'checkout.failed', message, cause });

/** Durable before it returns: afterwards the checkout counts as made. */
export async function writeRecord(directory: string, record: CheckoutRecord, owner: Owner | null): Promise<void> {
  const path = join(directory, fileName);
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(record)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await handOverOne(`${path}.new`, owner);
  await rename(`${path}.new`, path);
}

/** Null when no checkout was made here. Throws AppError `checkout.failed` for a file that is not ours. */
export async function readRecord(directory: string): Promise<CheckoutRecord | null> {
  let text: string;
  try {
    text = await readFile(join(directory, fileName), 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw failed(`${directory}/${fileName} cannot be read`, cause);
  }
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw failed(`${directory}/${fileName} is damaged`, cause);
  }
}
