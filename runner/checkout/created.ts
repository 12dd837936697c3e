/** The fact that a checkout was made, kept for the runner where another process made it. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { AppError } from '#protocol/error.ts';
import { eventPayloads } from '#protocol/event.ts';
import type { CheckoutCreated } from './checkout.ts';
import { handOverOne, type Owner } from './owner.ts';

const fileName = 'created.json';

export async function keepCreated(directory: string, created: CheckoutCreated, owner: Owner | null): Promise<void> {
  const path = join(directory, fileName);
  await writeFile(`${path}.new`, `${JSON.stringify(created)}\n`, { mode: 0o600 });
  await handOverOne(`${path}.new`, owner);
  await rename(`${path}.new`, path);
}

/** The fact, once. Null where nobody left one. Throws AppError `checkout.failed` for a file that is not ours. */
export async function takeCreated(directory: string): Promise<CheckoutCreated | null> {
  const path = join(directory, fileName);
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return null;
  const parsed = z
    .string()
    .transform((json) => JSON.parse(json))
    .pipe(eventPayloads['checkout.created'])
    .safeParse(text);
  if (!parsed.success)
    throw new AppError({ code: 'checkout.failed', message: `${path} is damaged`, cause: parsed.error });
  await rm(path);
  return parsed.data;
}
