/** Which addresses a credential may be taken to: an owner named the host, so only a cloud's metadata and what is no machine are refused. */
import { type LookupAddress, lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Resolves a name to all of its addresses. */
export type Resolve = (hostname: string) => Promise<LookupAddress[]>;

/** Metadata services of clouds, and addresses of no one machine. Those inside of others (`::ffff:`) are looked through. */
const never = new BlockList();
never.addSubnet('169.254.0.0', 16);
never.addAddress('168.63.129.16');
never.addAddress('100.100.100.200');
never.addSubnet('0.0.0.0', 8);
never.addSubnet('224.0.0.0', 3);
never.addAddress('::', 'ipv6');
never.addAddress('fd00:ec2::254', 'ipv6');
never.addSubnet('fe80::', 10, 'ipv6');
never.addSubnet('ff00::', 8, 'ipv6');
// NAT64 and 6to4 forms of 169.254.0.0/16.
never.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');
never.addSubnet('2002:a9fe::', 32, 'ipv6');

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

const isIn = (list: BlockList, address: string): boolean =>
  list.check(address.replace(/%.*$/, ''), isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** Why nothing goes to this IP address; null: it may. `isPlain`: unencrypted, which stays on this machine. */
export function refusedAddressOf(address: string, isPlain: boolean): string | null {
  if (isIn(never, address)) return `${address} is an address of a cloud’s own credentials, or of no one machine`;
  if (isPlain && !isIn(loopback, address)) return `${address} is not this machine, and the connection is not encrypted`;
  return null;
}

const resolveAll: Resolve = (hostname) =>
  new Promise((resolve, reject) =>
    lookup(hostname, { all: true }, (cause, addresses) => (cause ? reject(cause) : resolve(addresses))),
  );

/** A connection goes to the address that was looked at here, and to none that a second answer names. */
export class RefusedAddress extends Error {}

/** For `node:http` of one connection: fails with `RefusedAddress` when any address of the name is refused. */
export const checkedLookup =
  (isPlain: boolean, resolve: Resolve = resolveAll): LookupFunction =>
  (hostname, options, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const refusals = addresses.map(({ address }) => refusedAddressOf(address, isPlain));
        const refusal = refusals.find((each) => each !== null);
        const [first] = addresses;
        if (refusal) return callback(new RefusedAddress(`${hostname}: ${refusal}`), '');
        if (!first) return callback(new Error(`${hostname} has no address`), '');
        if (options.all) return callback(null, addresses);
        callback(null, first.address, first.family);
      },
      (cause: NodeJS.ErrnoException) => callback(cause, ''),
    );
  };
