/** Everything the server takes from its environment, read once at start. Knows no other configuration source. */
import { homedir, userInfo } from 'node:os';
import { resolve } from 'node:path';
import * as z from 'zod';
import { AppError } from '#protocol/error.ts';
import { homeOf } from '#protocol/server-file.ts';

const flag = z
  .enum(['0', '1', ''])
  .optional()
  .transform((value) => value === '1');

const environmentSchema = z.object({
  OMNIGENT_HOME: z.string().min(1).optional(),
  PORT: z.coerce.number().int().min(0).max(65_535).default(4100),
  OMNIGENT_LISTEN: z.string().min(1).default('127.0.0.1'),
  OMNIGENT_URL: z.url({ protocol: /^https?$/ }).optional(),
  OMNIGENT_ALLOW_HTTP: flag,
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
  return {
    home: resolve(values.OMNIGENT_HOME ?? homeOf({ uid: process.getuid?.(), home: homedir() })),
    port: values.PORT,
    listen: values.OMNIGENT_LISTEN,
    publicUrl: values.OMNIGENT_URL ? new URL(values.OMNIGENT_URL).origin : null,
    allowsHttp: values.OMNIGENT_ALLOW_HTTP,
    databaseUrl: values.DATABASE_URL ?? null,
    user: userInfo().username,
  };
}
