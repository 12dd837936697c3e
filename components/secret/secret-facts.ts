/** What is said of secrets, and how a form's fields become one. Pure. */
import type { SecretFacts } from '#components/api/api.ts';
import type { Failure } from '#components/api/failure.ts';
import { capitalise, formatClock, formatNoun } from '#components/ui/format.ts';
import type { SecretMethod } from '#protocol/secret.ts';

type Use = SecretFacts['use'];
export type UseKind = Use['kind'];

/** How a value is put into a request, as people choose it. */
export const sentChoices: readonly { kind: UseKind; title: string }[] = [
  { kind: 'bearer', title: 'Bearer token' },
  { kind: 'basic', title: 'User and password, for git' },
  { kind: 'header', title: 'A header of its own' },
  { kind: 'npm', title: 'npm registry' },
];

/** In what form it goes, and with which methods. */
export function sentWords({ use, methods }: Pick<SecretFacts, 'use' | 'methods'>): string {
  const only = methods === null ? '' : `, with ${methods.join(', ')} only`;
  switch (use.kind) {
    case 'bearer':
      return `As bearer token${only}`;
    case 'basic':
      return `As password of ${use.user}${only}`;
    case 'header':
      return `In the header ${use.header}${only}`;
    case 'npm':
      return `For npm, as its registry${only}`;
  }
}

/** `now`: ms since the epoch. */
export const lastUseWords = (
  { lastUsedAt, useCount }: Pick<SecretFacts, 'lastUsedAt' | 'useCount'>,
  now: number,
): string =>
  lastUsedAt === null ? 'Never used' : `Used ${formatNoun(useCount, 'time')}, last at ${formatClock(lastUsedAt, now)}`;

export interface SecretDraft {
  name: string;
  url: string;
  kind: UseKind;
  /** The user of `basic`, the header of `header`. */
  detail: string;
  /** Empty: all of them. */
  methods: string;
  value: string;
}

/** What a form begins with; a value that is stored is not known here. */
export function draftOf(facts: SecretFacts | null): SecretDraft {
  if (!facts) return { name: '', url: '', kind: 'bearer', detail: '', methods: '', value: '' };
  const { name, origin, pathPrefix, use, methods } = facts;
  const detail = use.kind === 'basic' ? use.user : use.kind === 'header' ? use.header : '';
  return { name, url: `${origin}${pathPrefix}`, kind: use.kind, detail, methods: methods?.join(', ') ?? '', value: '' };
}

/** What the server is sent; it says itself what is wrong with it. */
export function secretOf({ name, url, kind, detail, methods, value }: SecretDraft) {
  const named = methods
    .toUpperCase()
    .split(/[\s,]+/)
    .filter((method) => method !== '');
  return {
    ...{ name: name.trim(), url: url.trim(), value: value.trim() },
    use: usedAs(kind, detail.trim()),
    methods: (named.length === 0 ? null : named) as SecretMethod[] | null,
  };
}

function usedAs(kind: UseKind, detail: string): Use {
  switch (kind) {
    case 'basic':
      return { kind, user: detail };
    case 'header':
      return { kind, header: detail };
    case 'bearer':
    case 'npm':
      return { kind };
  }
}

export type SecretField = 'name' | 'url' | 'detail' | 'methods' | 'value' | 'form';
export type SecretProblems = Partial<Record<SecretField, string>>;

const fieldOf: Record<string, SecretField> = {
  ...{ name: 'name', url: 'url', value: 'value', methods: 'methods', 'use.user': 'detail', 'use.header': 'detail' },
};

/** At which field each part of the server's refusal belongs; without the field's name in front. */
export function secretProblems({ message }: Pick<Failure, 'message'>): SecretProblems {
  const problems: SecretProblems = {};
  for (const part of message.split(/; (?=[\w.]+: )/)) {
    const [, named = '', words = part] = /^([\w.]+): (.*)$/s.exec(part) ?? [];
    const field = fieldOf[named.toLowerCase().replace(/\.\d+$/, '')];
    if (field) problems[field] ??= capitalise(words);
    else problems.form ??= part;
  }
  return problems;
}
