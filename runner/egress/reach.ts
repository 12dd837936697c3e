/** The way to a host: its name is looked up once, every address is checked, and only checked ones are dialled. */
import { lookup } from 'node:dns/promises';
import { connect, isIP, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { refusedResolved } from '#policy/judge-request.ts';
import { egressRules } from '#protocol/egress-text.ts';
import type { Refusal } from './refusal.ts';

/** Every address that a name stands for. Rejects where it stands for none. */
export type Resolve = (host: string) => Promise<readonly string[]>;
/** A connection to an address. Rejects when it cannot be had; `signal`: it is not wanted any more. */
export type Dial = (address: string, port: number, signal: AbortSignal) => Promise<Socket>;

export const resolveName: Resolve = async (host) =>
  (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);

/** A name lookup, and each dialling, may take so long, in ms. */
const lookupMs = 10_000;
const dialMs = 8_000;
/** Of the addresses of one name so many are tried. */
const maxTried = 4;

export const dialAddress: Dial = (address, port, signal) =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, allowHalfOpen: true, noDelay: true, signal });
    const late = setTimeout(() => socket.destroy(new LateError('no answer in time')), dialMs);
    const settle = () => clearTimeout(late);
    socket.once('error', (cause) => {
      settle();
      reject(cause);
    });
    socket.once('connect', () => {
      settle();
      resolve(socket);
    });
  });

class LateError extends Error {}

const refusal = (status: 502 | 504, rule: string, reason: string): Refusal => ({ status, rule, reason });

/** Addresses of this machine: what listens on them must not be reached from inside a session, public or not. */
export const ownAddresses = (): ReadonlySet<string> =>
  new Set(Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)));

export interface Found {
  addresses: readonly string[];
  /** Those that are not public: where there is one, nothing is sent to any. */
  refused: readonly string[];
}

/** What a name stands for. */
export async function lookUp(host: string, resolve: Resolve): Promise<Found | { failed: Refusal }> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((done) => {
    timer = setTimeout(() => done(null), lookupMs);
  });
  try {
    const addresses = isIP(host) === 0 ? await Promise.race([resolve(host), late]) : [host];
    if (addresses === null)
      return { failed: refusal(504, egressRules.unresolved, `${host}: its name is not looked up in time`) };
    if (addresses.length === 0)
      return { failed: refusal(502, egressRules.unresolved, `${host} stands for no address`) };
    return { addresses, refused: addresses.filter((address) => refusedResolved(address) !== null) };
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'it failed';
    return { failed: refusal(502, egressRules.unresolved, `${host} cannot be looked up: ${code}`) };
  } finally {
    clearTimeout(timer);
  }
}

/** The first of the addresses that answers. */
export async function reach(
  place: { host: string; port: number; addresses: readonly string[] },
  dial: Dial,
  signal: AbortSignal,
): Promise<{ socket: Socket } | { failed: Refusal }> {
  const { host, port, addresses } = place;
  let failed = refusal(502, egressRules.unreachable, `${host}:${port} cannot be reached`);
  for (const address of addresses.slice(0, maxTried)) {
    if (signal.aborted) break;
    try {
      return { socket: await dial(address, port, signal) };
    } catch (cause) {
      const isLate = cause instanceof LateError;
      const why = isLate ? cause.message : ((cause as NodeJS.ErrnoException).code ?? 'it failed');
      const said = `${host}:${port} cannot be reached at ${address}: ${why}`;
      failed = refusal(isLate ? 504 : 502, egressRules.unreachable, said);
    }
  }
  return { failed };
}
