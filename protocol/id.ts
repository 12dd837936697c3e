/** Branded, prefixed ids: what each looks like and how one is made. Knows nothing of what they name. */
import * as z from 'zod';

const prefixes = {
  session: 'ses',
  runner: 'run',
  terminal: 'trm',
  person: 'per',
  client: 'cli',
  turn: 'trn',
  item: 'itm',
  action: 'act',
  approval: 'apr',
  call: 'cal',
} as const;

type Noun = keyof typeof prefixes;
type IdOf<N extends Noun> = string & z.core.$brand<N>;

export type SessionId = IdOf<'session'>;
export type RunnerId = IdOf<'runner'>;
export type TerminalId = IdOf<'terminal'>;
export type PersonId = IdOf<'person'>;
/** One attached keyboard: names the sender of numbered input, so that a resend is recognised. */
export type ClientId = IdOf<'client'>;

export type TurnId = IdOf<'turn'>;
export type ItemId = IdOf<'item'>;
export type ActionId = IdOf<'action'>;
/** A question to people about one action. */
export type ApprovalId = IdOf<'approval'>;
/** One call of a model through the gateway. */
export type CallId = IdOf<'call'>;

/** The log of server-level facts (people, links) uses this instead of a `ses_` id. */
export const serverChain = 'server' as SessionId;

const body = '[0-9a-z]{26}';
const idSchema = <N extends Noun>(noun: N) =>
  z
    .string()
    .regex(new RegExp(`^${prefixes[noun]}_${body}$`), `expected an id like ${prefixes[noun]}_…`)
    .brand<N>();

export const sessionIdSchema = idSchema('session');
export const turnIdSchema = idSchema('turn');
export const itemIdSchema = idSchema('item');
export const actionIdSchema = idSchema('action');
export const approvalIdSchema = idSchema('approval');
export const callIdSchema = idSchema('call');
export const runnerIdSchema = idSchema('runner');
export const terminalIdSchema = idSchema('terminal');
export const personIdSchema = idSchema('person');
export const clientIdSchema = idSchema('client');

/** Where time and randomness come from; tests pass their own. */
export interface IdSource {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Fills `bytes` with cryptographic randomness. */
  random(bytes: Uint8Array): void;
}

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** A new id: prefix, 48 bits of time, 80 random bits (a lower-case ULID), so ids of one noun sort by age. */
export function newId<N extends Noun>(noun: N, source: IdSource): IdOf<N> {
  const random = new Uint8Array(16);
  source.random(random);
  let time = source.now();
  let head = '';
  for (let i = 0; i < 10; i++) {
    head = alphabet[time % 32] + head;
    time = Math.floor(time / 32);
  }
  let tail = '';
  for (const byte of random) tail += alphabet[byte % 32];
  return `${prefixes[noun]}_${head}${tail}` as IdOf<N>;
}
