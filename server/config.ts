/** Everything the server takes from its environment, read once at start. Knows no other configuration source. */
import { homedir, userInfo } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import * as z from 'zod';
import { AppError } from '#protocol/error.ts';
import type { Launch } from '#protocol/launch.ts';
import { providerUrlSchema } from '#protocol/provider.ts';
import { homeOf } from '#protocol/server-file.ts';
import type { ProviderSettings } from '#server/gateway/index.ts';
import { parseSecretKey } from '#server/secret/index.ts';

const flag = z
  .enum(['0', '1', ''])
  .optional()
  .transform((value) => value === '1');

/** A key goes into a header as it is. */
const providerKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,1000}$/, 'expected a key without spaces or line ends')
  .optional();
const secretKey = z
  .string()
  .transform(parseSecretKey)
  .refine((key) => key !== null, 'expected 32 bytes in base64; openssl rand -base64 32 makes a key')
  .optional();

const program = z.string().refine(isAbsolute, 'expected an absolute path').optional();
/** Where the programs of agents are, each the path of one. */
const programNames = ['OMNIGENT_CLAUDE_BIN', 'OMNIGENT_CODEX_BIN', 'OMNIGENT_PI_BIN'] as const;
/** An action without a verdict is held this long, in ms. */
const holdMs = 10 * 60 * 1000;

const environmentSchema = z.object({
  OMNIGENT_HOME: z.string().min(1).optional(),
  PORT: z.coerce.number().int().min(0).max(65_535).default(4100),
  OMNIGENT_LISTEN: z.string().min(1).default('127.0.0.1'),
  OMNIGENT_URL: z.url({ protocol: /^https?$/ }).optional(),
  OMNIGENT_ALLOW_HTTP: flag,
  ANTHROPIC_BASE_URL: providerUrlSchema.optional(),
  ANTHROPIC_API_KEY: providerKey,
  OPENAI_BASE_URL: providerUrlSchema.optional(),
  OPENAI_API_KEY: providerKey,
  OMNIGENT_SECRET_KEY: secretKey,
  OMNIGENT_SECRET_KEY_NEXT: secretKey,
  OMNIGENT_PUSH_ALLOW_LOOPBACK: flag,
  OMNIGENT_CHECKOUTS: z.enum(['auto', 'copy']).default('copy'),
  OMNIGENT_CLAUDE_BIN: program,
  OMNIGENT_CODEX_BIN: program,
  OMNIGENT_PI_BIN: program,
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
});

export interface Config {
  /** Absolute data directory. */
  home: string;
  port: number;
  listen: string;
  /** Public origin used in links; null: the address listened on. */
  publicUrl: string | null;
  /** Cookies without Secure, for a LAN without TLS. */
  allowsHttp: boolean;
  databaseUrl: string | null;
  /** Where model calls go unless people set something else; never passed on to agents. */
  providers: ProviderSettings;
  /** Under which secrets are stored; null: that of `secret.key` in `home`. */
  secretKey: Uint8Array | null;
  /** Takes the place of the secret key: what is stored from now on is sealed under it. Null: none. */
  nextSecretKey: Uint8Array | null;
  /** Pushes may go to a push service on this machine: a test's, or one's own. */
  allowsLoopbackPush: boolean;
  /** How files of sessions are made: copied, or as overlays where that works; then only the session's programs see them. */
  checkouts: 'auto' | 'copy';
  /** Where runners find agent programs, and how long they hold an action. */
  agents: Pick<Launch, 'programs' | 'holdMs'>;
  /** Name of the person who runs the server. */
  user: string;
}

/** Parses the environment. Throws AppError `input.invalid` naming each bad variable. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new AppError({
      code: 'input.invalid',
      message: `environment: ${faults.join('; ')}; correct it and start again`,
    });
  }
  const values = parsed.data;
  const home = resolve(values.OMNIGENT_HOME ?? homeOf({ uid: process.getuid?.(), home: homedir() }));
  const programs = Object.fromEntries(programNames.flatMap((name) => (values[name] ? [[name, values[name]]] : [])));
  return {
    home,
    port: values.PORT,
    listen: values.OMNIGENT_LISTEN,
    publicUrl: values.OMNIGENT_URL ? new URL(values.OMNIGENT_URL).origin : null,
    allowsHttp: values.OMNIGENT_ALLOW_HTTP,
    databaseUrl: values.DATABASE_URL ?? null,
    providers: {
      anthropic: { baseUrl: values.ANTHROPIC_BASE_URL ?? null, key: values.ANTHROPIC_API_KEY ?? null },
      openai: { baseUrl: values.OPENAI_BASE_URL ?? null, key: values.OPENAI_API_KEY ?? null },
    },
    secretKey: values.OMNIGENT_SECRET_KEY ?? null,
    nextSecretKey: values.OMNIGENT_SECRET_KEY_NEXT ?? null,
    allowsLoopbackPush: values.OMNIGENT_PUSH_ALLOW_LOOPBACK,
    checkouts: values.OMNIGENT_CHECKOUTS,
    agents: { holdMs, programs: { ...programs, OMNIGENT_AGENT_PATH: join(home, 'agents', 'node_modules', '.bin') } },
    user: userInfo().username,
  };
}
