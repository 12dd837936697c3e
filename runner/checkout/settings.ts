/** What may be taken over from a repository's configuration: values that change how bytes are compared, never what runs. */
import { AppError } from '#protocol/error.ts';
import { runGit } from './git.ts';

export interface RepositorySettings {
  objectFormat: 'sha1' | 'sha256';
  refStorage: 'files' | 'reftable';
  /** Some objects may be missing here; git would fetch them, we don't. */
  isPartial: boolean;
  /** Names drivers that would run on file contents, such as Git LFS. */
  filters: string[];
  /** `core.*` lines for a configuration of ours. */
  core: ReadonlyMap<string, string>;
  /** The author this repository is configured for; null where it is left to the user's own configuration. */
  author: { name: string | null; email: string | null };
}

const flag = /^(true|false)$/;
const plainCore: Readonly<Record<string, RegExp>> = {
  'core.filemode': flag,
  'core.symlinks': flag,
  'core.ignorecase': flag,
  'core.precomposeunicode': flag,
  'core.trustctime': flag,
  'core.autocrlf': /^(true|false|input)$/,
  'core.eol': /^(lf|crlf|native)$/,
  'core.checkstat': /^(default|minimal)$/i,
};

const knownExtensions = new Set([
  ...['noop', 'preciousobjects', 'partialclone', 'objectformat', 'compatobjectformat'],
  ...['worktreeconfig', 'refstorage', 'relativeworktrees'],
]);

const invalid = (message: string) => new AppError({ code: 'source.invalid', message });

/** Parses with git itself, from standard input and without following includes: this reads values and runs nothing. */
async function readPairs(config: Buffer): Promise<[key: string, value: string][]> {
  const args = ['config', '--file', '-', '--no-includes', '--null', '--list'];
  const output = await runGit({ args, cwd: '/', input: config, timeoutMs: 20_000 });
  return output
    .toString()
    .split('\0')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const end = entry.indexOf('\n');
      return end < 0 ? [entry, 'true'] : [entry.slice(0, end), entry.slice(end + 1)];
    });
}

/** Reads the text of a repository's `config`. Throws AppError `source.invalid` for formats that this git may misread. */
export async function readSettings(config: Buffer): Promise<RepositorySettings> {
  const pairs = await readPairs(config).catch((cause: unknown) => {
    const message = 'the configuration of the repository cannot be parsed; git config --list in it shows where';
    throw new AppError({ code: 'source.invalid', message, cause });
  });
  const values = new Map(pairs);
  const extensions = pairs.filter(([key]) => key.startsWith('extensions.')).map(([key]) => key.slice(11));
  const unknown = extensions.find((name) => !knownExtensions.has(name));
  if (unknown)
    throw invalid(`the repository uses the git extension ${JSON.stringify(unknown)}, which is not supported`);
  const objectFormat = values.get('extensions.objectformat') ?? 'sha1';
  const refStorage = values.get('extensions.refstorage') ?? 'files';
  if (objectFormat !== 'sha1' && objectFormat !== 'sha256')
    throw invalid('the repository has an unknown object format');
  if (refStorage !== 'files' && refStorage !== 'reftable') throw invalid('the repository has an unknown ref storage');
  const core = pairs.filter(([key, value]) => plainCore[key]?.test(value));
  return {
    objectFormat,
    refStorage,
    isPartial: extensions.includes('partialclone') || pairs.some(([key]) => /^remote\..*\.promisor$/s.test(key)),
    filters: [...new Set(pairs.flatMap(([key]) => /^filter\.(.+)\.(?:clean|smudge|process)$/s.exec(key)?.[1] ?? []))],
    core: new Map(core),
    author: { name: values.get('user.name') ?? null, email: values.get('user.email') ?? null },
  };
}

/** A value as a git configuration file quotes it. */
export function quoteValue(value: string): string {
  const escaped = value
    .replace(/[\\"]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replaceAll('\b', '\\b');
  return `"${escaped.replaceAll('\0', '')}"`;
}
