/** The path of a request, in the one form that everything behind the entrance may trust. */
import type { IncomingMessage } from 'node:http';
import { AppError } from '#protocol/error.ts';

/**
 * The path as the client wrote it. Throws `input.invalid` for anything that could be read in two ways: dot segments,
 * backslashes, `//host`, a full URL. What is checked here and what is served is then the same path.
 */
export function pathOf(request: IncomingMessage): string {
  const raw = request.url ?? '';
  const path = raw.split(/[?#]/, 1)[0] ?? '';
  const isPlain = path.startsWith('/') && !path.startsWith('//') && URL.canParse(raw, 'http://local');
  if (isPlain && new URL(raw, 'http://local').pathname === path) return path;
  throw new AppError({ code: 'input.invalid', message: 'URL: a plain path is required, without dot segments' });
}
