/** Secrets that agents use without seeing them: what one is called, where it may go, and how it is put into a request. */
import * as z from 'zod';
import { turnIdSchema } from './id.ts';
import { isMetadataHost } from './provider.ts';
import { agentNameSchema } from './turn-event.ts';

/** Part of an address, and of a variable's name: lower case, no underscore. */
export const secretNameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'expected 1 to 63 of a-z, 0-9 and -, a letter first, like github');

/** How the value is put into a request. `npm`: as bearer, for the registry that npm uses by default. */
export const secretUseSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('bearer') }),
  z.object({
    kind: z.literal('basic'),
    user: z.string().regex(/^[^\p{C}:]{1,200}$/u, 'expected a user name of 1 to 200 characters, without a colon'),
  }),
  z.object({
    kind: z.literal('header'),
    header: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'expected the name of a header, like X-Api-Key')
      .refine((name) => !reservedHeader.test(name), 'this header belongs to the connection; name another one'),
  }),
  z.object({ kind: z.literal('npm') }),
]);
export type SecretUse = z.infer<typeof secretUseSchema>;

/** Headers that say how a request is carried, and our own. */
const reservedHeader =
  /^(?:host|connection|keep-alive|content-.*|transfer-encoding|accept-encoding|te|trailer|upgrade|expect|range|proxy-.*|x-omnigent-.*|x-forwarded-.*)$/i;

/** Methods that a credential is put into. TRACE, OPTIONS and CONNECT carry none, whatever is set. */
export const secretMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type SecretMethod = (typeof secretMethods)[number];
export const secretMethodSchema = z.enum(
  secretMethods,
  `expected methods out of ${secretMethods.join(', ')}, in capitals`,
);

/** Longest value, in characters. */
const maxValue = 4_096;
export const secretValueSchema = z
  .string()
  .regex(
    new RegExp(`^[^\\p{C}\\p{Zl}\\p{Zp}]{1,${maxValue}}$`, 'u'),
    `expected 1 to ${maxValue} characters, without line ends and control characters`,
  );

/** What of a value fits how it is used; null: all of it. A header carries it as it is, except for a password. */
export function misfitOf(value: string, { kind }: SecretUse): string | null {
  if (kind === 'basic') return null;
  if (!/^[\x20-\x7e]*$/.test(value)) return 'a header takes ASCII characters only';
  if (kind === 'header') return value.trim() === value ? null : 'a header takes no spaces around its value';
  return value.includes(' ') ? 'a token has no spaces' : null;
}

/** Where a secret may go: `pathPrefix` begins with a slash; without one at its end it means that path and those below it. */
export interface SecretPlace {
  /** `https://host[:port]`, or `http://` on this machine. */
  origin: string;
  pathPrefix: string;
}

const loopbackHost = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** True for an address that stands for this machine whatever resolves it. */
const isLoopbackHost = (hostname: string): boolean => loopbackHost.test(hostname);

/** Why a secret cannot go there; null: it can. */
function refusalOf(text: string): string | null {
  if (/[\s\\]/.test(text) || !URL.canParse(text)) return 'expected an address like https://github.com/our-team/';
  const { protocol, username, password, hostname, pathname } = new URL(text);
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopbackHost(hostname)))
    return 'expected an https address; http is for this machine only';
  if (username !== '' || password !== '' || /[?#]/.test(text))
    return 'expected an address without sign-in data, query or fragment';
  if (isMetadataHost(hostname)) return 'this is an address of a cloud’s own credentials';
  // A spelling that is read in two ways would allow other paths than were meant.
  const spelled = /^[^/]*\/\/[^/]*(.*)$/.exec(text)?.[1] || '/';
  if (/[%;]|\/\//.test(pathname) || spelled !== pathname) return 'expected a plain path, without %, ;, // and dots';
  return null;
}

/** The address as somebody wrote it, as where the secret may go. */
export const secretPlaceSchema = z
  .string()
  .trim()
  .max(2_000)
  .transform((text, context): SecretPlace => {
    const refusal = refusalOf(text);
    if (refusal === null) return { origin: new URL(text).origin, pathPrefix: new URL(text).pathname };
    context.addIssue({ code: 'custom', message: refusal });
    return z.NEVER;
  });

/** What programs in a sandbox may know of a secret: that it is there, and for what. */
export const credentialRouteSchema = z.object({
  name: secretNameSchema,
  origin: z.string().max(2_000),
  pathPrefix: z.string().max(2_000),
  use: z.enum(['bearer', 'basic', 'header', 'npm']),
});
export type CredentialRoute = z.infer<typeof credentialRouteSchema>;

/** Facts about secrets, in the server's log, and about their use, in a session's. Joined into the one table of event.ts. */
export const secretEventPayloads = {
  /** A secret was stored under a new name. */
  'secret.set': credentialRouteSchema,
  /** Another value took its place, perhaps for another address. */
  'secret.rotated': credentialRouteSchema,
  'secret.removed': z.object({ name: secretNameSchema }),
  /** All that is stored was sealed under a new key; `unreadable` was under none that is known, and stays as it is. */
  'secret.resealed': z.object({ sealed: z.number().int().min(0), unreadable: z.number().int().min(0) }),
  /** The first time that an agent, in a turn, reads or writes somewhere with a credential; `shell`: a person's shell. */
  'credential.used': z.object({
    name: secretNameSchema,
    host: z.string().min(1).max(300),
    agent: agentNameSchema,
    method: secretMethodSchema,
    turnId: turnIdSchema.nullable(),
  }),
} as const;
