/** Text of any lines, as a schema: bounded, and what the log and its database can hold. */
import * as z from 'zod';

/** NUL is what Postgres cannot hold; half surrogates are no text. */
export const prose = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .regex(/^[^\0\p{Surrogate}]*$/u, 'must not contain NUL characters or half surrogates');
