/** What the header of a request says against its address and method. Pure. */
import type { HeaderFact } from '#protocol/action-facts.ts';
import { holdsSecret } from './rule/sensitive.ts';

export type RequestHeaders = Readonly<Record<string, string | readonly string[]>>;

const methodNames = /^x-(?:http-)?method(?:-override)?$/;
const hostNames = /^(?:host|:authority|x-(?:forwarded-|original-|http-)?(?:host|server)(?:-override)?)$/;
/** The path that a server takes in place of the address's: what it asks for is not what it says. */
const pathNames = /^x-(?:original|rewrite)-(?:url|uri|path)$/;

export function readHeaders(headers: RequestHeaders = {}): HeaderFact {
  const all = Object.entries(headers).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((each) => ({ name: name.trim().toLowerCase(), value: each })),
  );
  const valuesOf = (names: RegExp): string[] =>
    all.filter(({ name }) => names.test(name)).map(({ value }) => value.trim());
  const forwarded = valuesOf(/^forwarded$/).flatMap((value) =>
    [...value.matchAll(/\bhost\s*=\s*"?([^\s;,"]+)/gi)].map(([, host = '']) => host),
  );
  return {
    methods: valuesOf(methodNames).map((value) => value.toUpperCase()),
    hosts: [...valuesOf(hostNames), ...forwarded],
    holdsSecret: all.some(({ name, value }) => holdsSecret(`${name}: ${value}`)),
    isElsewhere: all.some(({ name }) => pathNames.test(name)),
    isBroken: all.some(
      ({ name, value }) => !/^:?[a-z\d!#$%&'*+.^_`|~-]+$/.test(name) || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(value),
    ),
  };
}
