/** Where pushes may go: public https addresses only, by their spelling and by what their names resolve to. */
import { type LookupAddress, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { refusedAddress, refusedIp } from '#policy/network.ts';

const loopbackHost = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
const isLoopbackAddress = (address: string): boolean => /^127\./.test(address) || address === '::1';

/** Why nothing is sent there; null: it may be. A browser gives the address, so it is a stranger's. */
export function refusedEndpoint(endpoint: string, allowsLoopback: boolean): string | null {
  if (!URL.canParse(endpoint)) return 'the address cannot be read';
  const { protocol, hostname, hash, href } = new URL(endpoint);
  if (hash !== '') return 'the address has a fragment';
  if (allowsLoopback && loopbackHost.test(hostname)) return null;
  if (protocol !== 'https:') return 'only https is used for pushes';
  return refusedAddress(href);
}

/** Resolves a name for one connection; fails when any address of it is not public, so that no name leads inside. */
export const publicLookup =
  (allowsLoopback: boolean): LookupFunction =>
  (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      const isRefused = ({ address }: LookupAddress) =>
        !(allowsLoopback && isLoopbackAddress(address)) && refusedIp(address) !== null;
      const [first] = addresses ?? [];
      if (error || !first) return callback(error ?? new Error(`${hostname} has no address`), '');
      if (addresses.some(isRefused)) return callback(new Error(`${hostname} is not a public address`), '');
      if (options.all) return callback(null, addresses);
      callback(null, first.address, first.family);
    });
  };
