/** Security headers of every response. */
import { randomBytes } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';

const newNonce = (): string => randomBytes(16).toString('base64');

/** The policy of W13: scripts only with this response's nonce; styles inline because xterm.js sets them on elements. */
const contentPolicy = (nonce: string): string =>
  [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'`,
    "style-src 'self' 'unsafe-inline'",
    "font-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
  ].join('; ');

/** Every security header of a response with this policy. */
const securityHeaders = (policy: string): [name: string, value: string][] => [
  ['Content-Security-Policy', policy],
  ['Strict-Transport-Security', 'max-age=31536000'],
  ['X-Content-Type-Options', 'nosniff'],
  ['Referrer-Policy', 'no-referrer'],
  ['Cross-Origin-Opener-Policy', 'same-origin'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
  ['Permissions-Policy', 'camera=(), microphone=(), geolocation=(), payment=(), usb=()'],
];

/** Sets them on `response`, and the policy on `request` too, where Next finds the nonce for its own scripts. */
export function setSecurityHeaders(request: IncomingMessage, response: ServerResponse): void {
  const policy = contentPolicy(newNonce());
  request.headers['content-security-policy'] = policy;
  for (const [name, value] of securityHeaders(policy)) response.setHeader(name, value);
}

/** A whole HTTP answer for a connection that has no response object: a refused upgrade, a request that is not HTTP. */
export function rawAnswer(status: number, body: string): string {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}`,
    ...securityHeaders(contentPolicy(newNonce())).map(([name, value]) => `${name}: ${value}`),
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
