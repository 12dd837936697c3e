/** `omnigent secret set|list|rm|rotate`: secrets that agents use without seeing them. */
import { AppError } from '#protocol/error.ts';
import {
  misfitOf,
  type SecretUse,
  secretMethodSchema,
  secretNameSchema,
  secretPlaceSchema,
  secretUseSchema,
  secretValueSchema,
} from '#protocol/secret.ts';
import { defineCommand } from '../command.ts';
import { printable, table, warn } from '../io.ts';
import { readValue } from './read-value.ts';

interface Faulty {
  success: boolean;
  error?: { issues: readonly { message: string }[] } | undefined;
}

/** Checked before the value is asked for. */
function check(what: string, { success, error }: Faulty): void {
  if (success) return;
  throw new AppError({ code: 'input.invalid', message: `${what}: ${error?.issues[0]?.message ?? 'not understood'}` });
}

/** `bearer`, `basic:USER`, `header:NAME`, `npm`. */
function readUse(text: string): SecretUse {
  const [, kind = '', name] = /^([^:]*)(?::(.*))?$/s.exec(text) ?? [];
  const use = { bearer: {}, npm: {}, basic: { user: name ?? '' }, header: { header: name ?? '' } }[kind];
  const isNamed = kind === 'basic' || kind === 'header';
  if (!use || (name !== undefined && !isNamed)) {
    const message = '--as: expected bearer, basic:USER, header:NAME or npm';
    throw new AppError({ code: 'input.invalid', message });
  }
  const parsed = secretUseSchema.safeParse({ kind, ...use });
  check('--as', parsed);
  return parsed.data as SecretUse;
}

const wordsOf = (use: SecretUse): string => {
  switch (use.kind) {
    case 'basic':
      return `basic:${use.user}`;
    case 'header':
      return `header:${use.header}`;
    case 'bearer':
    case 'npm':
      return use.kind;
  }
};

export const setSecret = defineCommand({
  words: ['secret', 'set'],
  summary: 'store a secret, read from standard input, and where it may go; again, to put another value in its place',
  operands: ['NAME'],
  options: {
    for: { type: 'string', value: 'URL', summary: 'where it may go: https, and no path above this one' },
    as: { type: 'string', value: 'HOW', summary: 'bearer (default), basic:USER (git), header:NAME or npm' },
    method: {
      type: 'string',
      value: 'M',
      isRepeatable: true,
      summary: 'only with this method, e.g. GET; several with commas between, or given again',
    },
  },
  async run({ operands: { NAME: name }, options, io, connect, print }) {
    check('NAME', secretNameSchema.safeParse(name));
    const { for: url, as = 'bearer', method } = options;
    if (url === undefined) throw new AppError({ code: 'input.invalid', message: '--for: missing; where may it go?' });
    check('--for', secretPlaceSchema.safeParse(url));
    const use = readUse(as);
    const methods = method === undefined ? null : method.split(',').map((each) => each.trim().toUpperCase());
    check('--method', secretMethodSchema.array().nullable().safeParse(methods));
    const { call } = await connect();
    const value = await readValue(io, name);
    check('value', secretValueSchema.safeParse(value));
    const misfit = misfitOf(value, use);
    if (misfit !== null) throw new AppError({ code: 'input.invalid', message: `value: ${misfit}` });
    const { wasThere } = await call.secret.set.mutate({ name, value, url, use, methods: methods as null });
    const text = `${wasThere ? 'replaced' : 'stored'} ${name} for ${printable(url)}\n`;
    await print({ name, replaced: wasThere }, text);
    return 0;
  },
});

export const listSecrets = defineCommand({
  words: ['secret', 'list'],
  summary: 'secrets by name, where each may go and when it was used last; never their values',
  operands: [],
  options: {},
  async run({ connect, print, io }) {
    const { call } = await connect();
    const secrets = await call.secret.list.query();
    const rows = secrets.map(({ name, origin, pathPrefix, use, methods, lastUsedAt, useCount }) => [
      ...[name, `${origin}${pathPrefix}`, wordsOf(use), methods?.join(',') ?? 'any'],
      lastUsedAt === null ? 'never' : `${lastUsedAt}, ${useCount} in all`,
    ]);
    const text = rows.length === 0 ? 'no secrets\n' : table([['NAME', 'FOR', 'AS', 'METHODS', 'LAST USED'], ...rows]);
    await warn(
      io,
      secrets.flatMap(({ name, problem }) => (problem === null ? [] : [`${name}: ${problem}`])),
    );
    await print({ secrets }, text);
    return 0;
  },
});

export const removeSecret = defineCommand({
  words: ['secret', 'rm'],
  summary: 'forget a secret; what uses it is refused from then on',
  operands: ['NAME'],
  options: {},
  async run({ operands: { NAME: name }, connect, print }) {
    check('NAME', secretNameSchema.safeParse(name));
    const { call } = await connect();
    await call.secret.remove.mutate({ name });
    await print({ name, removed: true }, `removed ${name}\n`);
    return 0;
  },
});

export const rotateSecrets = defineCommand({
  words: ['secret', 'rotate'],
  summary:
    'seal everything that is stored, provider keys too, under a new secret key; exit 1 where a value cannot be read',
  operands: [],
  options: {},
  async run({ connect, print, io }) {
    const { call } = await connect();
    const { sealed, unreadable, isGiven } = await call.secret.rotate.mutate();
    await warn(
      io,
      unreadable.map(
        (place) => `${place} cannot be read with the key that there was, and stays as it is; enter it again`,
      ),
    );
    const next = isGiven
      ? ': now start the server with the new key as OMNIGENT_SECRET_KEY, without OMNIGENT_SECRET_KEY_NEXT'
      : ', which is secret.key in OMNIGENT_HOME; the old one is gone';
    await print({ sealed, unreadable, isGiven }, `sealed ${sealed} under the new key${next}\n`);
    return unreadable.length > 0 ? 1 : 0;
  },
});
