/** Why the log does not take a fact, and what to do instead, in words for whoever wants something recorded. Pure. */
import * as z from 'zod';

function nameOf([field, entry]: readonly PropertyKey[]): string {
  if (field === 'paths') return entry === undefined ? 'the list of paths' : 'one of the paths';
  return field === 'cwd' ? 'the folder' : `the ${String(field)}`;
}

/** `cause`: what parsing the fact threw. */
export function refusalOf(cause: unknown): string {
  const [issue] = cause instanceof z.ZodError ? cause.issues : [];
  if (!issue) return 'it cannot be recorded';
  const name = nameOf(issue.path);
  if (issue.code !== 'too_big') return `${name} holds what cannot be recorded`;
  const limit = issue.maximum.toLocaleString('en');
  if (issue.origin === 'array') return `${name} is longer than ${limit}: do it in smaller steps`;
  const advice = issue.path[0] === 'command' ? 'write it to a file first' : 'use a shorter one';
  return `${name} is longer than ${limit} characters: ${advice}`;
}
