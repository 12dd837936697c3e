/** Which request of a program a credential may be put into: its path and its method. Pure. */
import { AppError } from '#protocol/error.ts';
import { type SecretMethod, type SecretPlace, secretMethods } from '#protocol/secret.ts';
import type { SecretRoute } from '#server/secret/index.ts';

const refused = (message: string) => new AppError({ code: 'credential.refused', message });

/** True for the prefix itself and what is below it; `/team` does not cover `/teammate`. */
export const isBelow = (path: string, { pathPrefix }: Pick<SecretPlace, 'pathPrefix'>): boolean =>
  path === pathPrefix || path.startsWith(pathPrefix.endsWith('/') ? pathPrefix : `${pathPrefix}/`);

/** The path with its query as it is asked for upstream. Throws `credential.refused`. */
export function targetOf(rest: string, route: SecretRoute): string {
  const target = rest.startsWith('/') ? rest : `/${rest}`;
  const path = target.split('?', 1)[0] ?? '';
  if (path.startsWith('//') || isAmbiguous(path)) {
    throw refused('the path is one that servers read differently: no dot segments, in any encoding, no backslashes');
  }
  if (isBelow(path, route)) return target;
  throw refused(`the credential ${route.name} is for ${route.origin}${route.pathPrefix} only`);
}

/** Encoded slashes are part of many an API; what they hide is not. */
function isAmbiguous(path: string): boolean {
  let text = path;
  for (let round = 0; round < 3; round++) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    if (/[\\\u0000-\u001f\u007f]/.test(text)) return true;
    if (text.split('/').some((segment) => /^\.{1,2}(?:;|$)/.test(segment))) return true;
    const decoded = decode(text);
    if (decoded === null) return round === 0;
    if (decoded === text) return false;
    text = decoded;
  }
  return true;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    // What is no encoding is text as it stands, to those who decode it once more.
    return null;
  }
}

/** Throws `credential.refused` for a method that carries no credential, here or anywhere. */
export function methodOf(method: string | undefined, { name, methods }: SecretRoute): SecretMethod {
  const known = secretMethods.find((each) => each === method);
  if (known && (methods === null || methods.includes(known))) return known;
  const allowed = methods ?? secretMethods;
  throw refused(`the credential ${name} is not for ${method}, but for ${allowed.join(', ')}`);
}
