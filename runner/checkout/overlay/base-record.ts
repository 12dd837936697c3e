/** What a base remembers about itself, so that a session on it needs to look at nothing else. */
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { BytePath } from '../byte-path.ts';
import type { Written } from '../git-checkout.ts';

const bytePath = z.string().transform((path) => path as BytePath);

const baseRecordSchema = z.object({
  version: z.literal(1),
  /** Bytes of its files and objects; what a power cut left is less. */
  sizeBytes: z.number().int().min(0),
  /** Of the boot of the machine that it was written in, or found whole in. */
  bootId: z.string(),
  written: z.object({
    kind: z.enum(['git', 'folder']),
    commit: z.string(),
    tags: z.array(z.string()),
    files: z.number().int().min(0),
    links: z.array(bytePath),
    absent: z.array(bytePath),
    blobs: z.array(z.tuple([z.string(), z.number()])).transform((pairs) => new Map(pairs)),
    boundary: z.string().nullable(),
    notes: z.array(z.string()),
  }),
});
export type BaseRecord = z.infer<typeof baseRecordSchema>;

const fileName = 'base.json';

export async function writeBaseRecord(
  folder: string,
  record: Omit<BaseRecord, 'written' | 'version'> & { written: Written },
): Promise<void> {
  const { written, ...rest } = record;
  const text = JSON.stringify({ version: 1, ...rest, written: { ...written, blobs: [...written.blobs] } });
  const file = await open(join(folder, fileName), 'w', 0o600);
  try {
    await file.writeFile(`${text}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Null where there is no base, or none that can be used. */
export async function readBaseRecord(folder: string): Promise<BaseRecord | null> {
  const text = await readFile(join(folder, fileName), 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    return baseRecordSchema.parse(JSON.parse(text));
  } catch {
    // Half written when the power went, or of another version: it is built anew.
    return null;
  }
}
