/** Holds the checkouts of two sessions against each other as they are on disk, whether or not a runner works in them. */
import { mkdtemp, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#protocol/error.ts';
import type { CheckoutDiff } from '#protocol/runner-message.ts';
import { GitFailure } from './git.ts';
import { openReader, quoteAlternate, type RepositoryReader } from './reader.ts';
import { type CheckoutRecord, readRecord } from './record.ts';
import { removeWhole } from './remove.ts';
import { findRepository } from './repository.ts';
import { settleAll } from './settle.ts';
import { readDiff, writeTree } from './tree-diff.ts';

/** One git command, in ms: as long as a runner has for its answer. */
const gitMs = 15_000;

interface Side {
  record: CheckoutRecord;
  reader: RepositoryReader;
}

const failed = (message: string) => new AppError({ code: 'checkout.failed', message });

async function openSide(directory: string, scratch: string, who: string): Promise<Side> {
  const record = await readRecord(directory);
  const root = join(await realpath(directory).catch(() => directory), 'checkout');
  const found = record && (await realpath(root).catch(() => null));
  if (!record || !found) throw failed(`${who}: that session has no checkout (any more); choose one that has`);
  // A link in its place would lead to files that are not this session's.
  const repository = found === root ? await findRepository(root) : null;
  if (repository?.top !== root) throw failed(`${who}: the checkout of that session is no git repository (any more)`);
  return { record, reader: await openReader({ repository, scratch, withIndex: true, timeoutMs: gitMs }) };
}

/** They have a commit in common, or were made from the same folder. */
async function areRelated({ record, reader }: Side, other: Side, alternates: string): Promise<boolean> {
  if (reader.settings.objectFormat !== other.reader.settings.objectFormat) return false;
  if (record.source === other.record.source) return true;
  if (!record.baseCommit || !other.record.baseCommit) return false;
  const env = { GIT_ALTERNATE_OBJECT_DIRECTORIES: alternates };
  return reader.run(['merge-base', record.baseCommit, other.record.baseCommit], { env }).then(
    () => true,
    (cause: unknown) => {
      if (cause instanceof GitFailure) return false;
      throw cause;
    },
  );
}

/**
 * How the checkout in `directory` differs from the one in `against`, both folders of sessions. Neither is written to, and nothing
 * that either configures runs. Throws AppError `checkout.failed` for one that is not there, and `input.invalid` where they are of
 * different repositories.
 */
export async function compareCheckouts(options: { directory: string; against: string }): Promise<CheckoutDiff> {
  const record = await readRecord(options.directory);
  if (!record) throw failed('session: it has no checkout (any more)');
  const scratch = await mkdtemp(join(options.directory, 'compare-'));
  try {
    const [mine, other] = await settleAll([
      openSide(options.directory, join(scratch, 'mine'), 'session'),
      openSide(options.against, join(scratch, 'other'), 'against'),
    ]);
    const stores = [mine.reader.alternates, other.reader.alternates];
    if (!(await areRelated(mine, other, stores.join(':')))) {
      const message = 'against: that session works on another repository; choose one that began in the same';
      throw new AppError({ code: 'input.invalid', message });
    }
    const [from, to] = [await writeTree(other.reader), await writeTree(mine.reader)];
    const alternates = [...stores, quoteAlternate(join(other.reader.gitDir, 'objects'))].join(':');
    const both: RepositoryReader = {
      ...mine.reader,
      run: (args, options) =>
        mine.reader.run(args, { ...options, env: { GIT_ALTERNATE_OBJECT_DIRECTORIES: alternates } }),
    };
    return await readDiff(both, from, to);
  } finally {
    await removeWhole(scratch);
  }
}
