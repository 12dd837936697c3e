/** Requests to the network: which may be sent at all, and why not. Pure; names are resolved by others. */
import { hostOf } from './url.ts';

export interface NetworkRequest {
  method: string;
  url: string;
  /** Where it was sent on to. */
  redirectTo?: string | undefined;
  /** Addresses that the host's name stands for, as far as they are known. */
  resolvedIps?: readonly string[] | undefined;
}

/** Why nobody may go there whatever the policy says; null: it is a public address, as far as its spelling tells. */
export function refusedAddress(url: string): string | null {
  if (!URL.canParse(url)) return 'the address cannot be read';
  const { protocol, username, password } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:') return `${protocol} is not http or https`;
  if (username !== '' || password !== '') return 'the address carries sign-in data';
  const host = hostOf(url);
  if (host === null || host === '') return 'the address has no host';
  if (/[^\u0021-\u007e]|%/.test(host)) return 'the host has characters that no host has';
  return refusedHost(host);
}

function refusedHost(host: string): string | null {
  const bare = host.replace(/^\[|\]$/g, '');
  if (/^(?:localhost|.*\.localhost|ip6-localhost|ip6-loopback)$/.test(bare)) return 'it is this machine';
  if (/(?:^|\.)(?:internal|local|lan|home\.arpa|intranet|corp)$/.test(bare)) return 'it is a name of a private network';
  if (/^metadata(?:\.|$)/.test(bare)) return 'it is the metadata service of a cloud';
  if (!bare.includes('.') && !bare.includes(':')) return 'it is a name of a private network';
  return refusedIp(bare);
}

/** Why this IP address is not public; null: it is, or it is none. */
export function refusedIp(address: string): string | null {
  const v4 = fourOf(address);
  if (v4) return refusedFour(v4);
  if (!address.includes(':')) return null;
  const parts = expandSix(address.replace(/%.*$/, ''));
  if (!parts) return 'the address cannot be read';
  return refusedSix(parts);
}

const fourOf = (address: string): number[] | null => {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address);
  return match ? match.slice(1).map(Number) : null;
};

const reservedFour: readonly [RegExp, string][] = [
  [/^0\./, 'it is this machine'],
  [/^127\./, 'it is this machine'],
  [/^10\./, 'it is a private address'],
  [/^172\.(?:1[6-9]|2\d|3[01])\./, 'it is a private address'],
  [/^192\.168\./, 'it is a private address'],
  [/^169\.254\./, 'it is a link-local address, where clouds keep their metadata'],
  [/^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./, 'it is a private address of a provider'],
  [/^(?:192\.0\.0|192\.0\.2|198\.51\.100|203\.0\.113)\./, 'it is an address for documentation'],
  [/^198\.1[89]\./, 'it is an address for tests'],
  [/^(?:22[4-9]|23\d|24\d|25[0-5])\./, 'it is no address of one machine'],
];

const refusedFour = (parts: readonly number[]): string | null => {
  if (parts.some((part) => part > 255)) return 'the address cannot be read';
  return reservedFour.find(([pattern]) => pattern.test(parts.join('.')))?.[1] ?? null;
};

/** Eight groups; null where it is no address. */
function expandSix(address: string): number[] | null {
  const [head = '', tail, more] = address.split('::');
  if (more !== undefined) return null;
  const groups = (text: string | undefined): number[] =>
    (text ?? '')
      .split(':')
      .filter((part) => part !== '')
      .flatMap((part) => {
        const four = fourOf(part);
        return four
          ? [(four[0] ?? 0) * 256 + (four[1] ?? 0), (four[2] ?? 0) * 256 + (four[3] ?? 0)]
          : [Number.parseInt(part, 16)];
      });
  const [before, after] = [groups(head), groups(tail)];
  const missing = 8 - before.length - after.length;
  if (missing < 0 || (tail === undefined && missing > 0)) return null;
  const all = [...before, ...Array<number>(missing).fill(0), ...after];
  return all.some((part) => Number.isNaN(part) || part > 0xffff) ? null : all;
}

function refusedSix(parts: readonly number[]): string | null {
  const [first = 0] = parts;
  const last = [parts[6] ?? 0, parts[7] ?? 0];
  const four = last.flatMap((part) => [part >> 8, part & 0xff]);
  const isZero = (end: number) => parts.slice(0, end).every((part) => part === 0);
  if (isZero(7) && (parts[7] === 1 || parts[7] === 0)) return 'it is this machine';
  const isMapped = (isZero(5) && parts[5] === 0xffff) || isZero(6) || (first === 0x64 && parts[1] === 0xff9b);
  if (isMapped) return refusedFour(four) ?? 'it is an address inside another';
  if ((first & 0xfe00) === 0xfc00) return 'it is a private address';
  if ((first & 0xffc0) === 0xfe80) return 'it is a link-local address, where clouds keep their metadata';
  if ((first & 0xff00) === 0xff00) return 'it is no address of one machine';
  if (first === 0x2002) return refusedFour([parts[1] ?? 0, parts[2] ?? 0].flatMap((part) => [part >> 8, part & 0xff]));
  return (first & 0xe000) === 0x2000 ? null : 'it is not a public address';
}
