/** Providers of models: their names, and what of one can be set. */
import * as z from 'zod';

export const providerNameSchema = z.enum(['anthropic', 'openai']);
export type ProviderName = z.infer<typeof providerNameSchema>;

/** A key goes into a header as it is. */
export const providerKeySchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,512}$/, 'expected 1 to 512 printable characters without spaces');

/** Where machines of clouds hand out their credentials; nothing of anybody’s is there. */
const metadataHost = /^(169\.254\.|\[fe80:|\[::ffff:a9fe:|\[fd00:ec2::254\]$|metadata\.google\.internal\.?$)/;

/** `hostname` as a URL has it. */
export const isMetadataHost = (hostname: string): boolean => metadataHost.test(hostname);

const urlOf = (text: string): URL | null => (URL.canParse(text) ? new URL(text) : null);

const isPlain = (text: string): boolean => {
  const url = urlOf(text);
  if (!url || !/^https?:$/.test(url.protocol)) return false;
  return url.username === '' && url.password === '' && !/[?#]/.test(text);
};

/** An address that may be shown: nothing in it is secret. */
export const providerUrlSchema = z
  .string()
  .trim()
  .max(2_000)
  .refine(isPlain, 'expected an http or https address without sign-in data, query or fragment')
  .refine((text) => !isMetadataHost(urlOf(text)?.hostname ?? ''), 'this is an address of a cloud’s own credentials');
