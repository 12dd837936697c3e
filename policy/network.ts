/** Requests to the network: which may be sent at all, and why not. Pure; names are resolved by others. */
import { hostOf } from './url.ts';

/** Why nobody may go there whatever the policy says; null: it is a public address, as far as its spelling tells. */
export function refusedAddress(url: string): string | null {
  // Clients differ in what they make of these: one leaves them out, another ends the host there.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\s\\\u0000-\u001f\u007f]/.test(url)) return 'the address has characters that clients read differently';
  if (!URL.canParse(url)) return 'the address cannot be read';
  const { protocol, username, password } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:') return `${protocol} is not http or https`;
  if (username !== '' || password !== '') return 'the address carries sign-in data';
  const host = hostOf(url);
  if (host === null || host === '') return 'the address has no host';
  if (/[^\u0021-\u007e]|%|\.\./.test(host)) return 'the host has characters that no host has';
  return refusedHost(host);
}

/** Where the spelled address leads from the page that names it; null: it cannot be read. */
export function resolveUrl(spelled: string, from: string): string | null {
  // A path with characters that clients read differently stays as it is spelled, and is refused.
  if (!/^[!-[\]-~]*$/.test(spelled)) return null;
  return URL.canParse(spelled, from) ? new URL(spelled, from).href : null;
}

/** Ports that the web is served at. Others belong to other services, which may take a request for their own. */
const webPorts = new Set(['', '80', '443', '8080', '8443']);

/** The port of the address where it is not one of the web; null: it is. */
export function unusualPort(url: string): string | null {
  const { port } = new URL(url);
  return webPorts.has(port) ? null : port;
}

function refusedHost(host: string): string | null {
  const bare = host.replace(/^\[|\]$/g, '');
  if (/^(?:localhost|.*\.localhost|ip6-localhost|ip6-loopback)$/.test(bare)) return 'it is this machine';
  if (privateNames.test(bare)) return 'it is a name of a private network';
  if (/^metadata(?:\.|$)/.test(bare)) return 'it is the metadata service of a cloud';
  if (!bare.includes('.') && !bare.includes(':')) return 'it is a name of a private network';
  if (mirrors.test(bare)) return 'it is a name for whatever address is spelled in it';
  return refusedIp(bare);
}

const privateNames =
  /(?:^|\.)(?:internal|local|localdomain|lan|home|home\.arpa|intranet|private|corp|test|invalid|consul|docker|kubernetes\.default|svc)$/;

/** Their names stand for whatever address is spelled in them, or for this machine. */
const mirrors =
  /(?:^|\.)(?:nip\.io|sslip\.io|xip\.io|backname\.io|traefik\.me|localtest\.me|lvh\.me|vcap\.me|lacolhost\.com|local\.gd|localho\.st|rbndr\.us|1u\.ms|127-0-0-1\.org\.uk)$/;

/** `169-254-169-254.example.net`: a name that spells an address that is not public is likely to lead there. */
export function spellsPrivate(url: string): boolean {
  const spelled = (hostOf(url) ?? '').matchAll(/(?<=^|[.-])(?=([1-9]\d{0,2}(?:[.-]\d{1,3}){3})[.-])/g);
  return [...spelled].some(([, address = '']) => refusedIp(address.replaceAll('-', '.')) !== null);
}

/** An address as it is written out in full: no name, no port, no shorthand. */
export const isIp = (address: string): boolean =>
  address.includes(':') ? expandSix(address) !== null : fourOf(address) !== null;

/** Why this IP address is not public; null: it is, or it is none. A zone is looked past. */
export function refusedIp(address: string): string | null {
  const v4 = fourOf(address);
  if (v4) return refusedFour(v4);
  if (!address.includes(':')) return null;
  const parts = expandSix(address.replace(/%.*$/, ''));
  if (!parts) return 'the address cannot be read';
  return refusedSix(parts);
}

const fourOf = (address: string): number[] | null => {
  // A leading zero is octal to some.
  const match = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/.exec(address);
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
  [/^168\.63\.129\.16$/, 'it is the metadata service of a cloud'],
  [/^192\.88\.99\./, 'it leads into another network'],
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
          : [/^[\da-f]{1,4}$/i.test(part) ? Number.parseInt(part, 16) : Number.NaN];
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
  // ISATAP, Teredo and 6to4 carry an address of the fourth version, or of nobody knows whom.
  if (((parts[4] ?? 0) & 0xfdff) === 0 && parts[5] === 0x5efe) return refusedFour(four);
  if (first === 0x2001 && (parts[1] ?? 0) < 0x200) return 'it leads into another network';
  if ((first === 0x2001 && parts[1] === 0xdb8) || (first === 0x3fff && (parts[1] ?? 0) < 0x1000))
    return 'it is an address for documentation';
  if (first === 0x2002) return refusedFour([parts[1] ?? 0, parts[2] ?? 0].flatMap((part) => [part >> 8, part & 0xff]));
  return (first & 0xe000) === 0x2000 ? null : 'it is not a public address';
}
