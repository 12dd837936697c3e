/**
 * For tests: a push service and the browsers subscribed to it. It checks every push as a real one does (RFC 8030, 8292) and
 * opens it as the browser would (RFC 8291), by its own means and not by those that made it.
 */
import { createDecipheriv, createECDH, createPublicKey, type ECDH, hkdfSync, randomBytes, verify } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Notice } from '#protocol/notice.ts';
import type { PushTarget } from '#protocol/push.ts';
import { noticeSchema } from '#protocol/testing-notice.ts';

/** What arrived for one browser. */
export interface ReceivedPush {
  path: string;
  headers: IncomingMessage['headers'];
  /** Null where it could not be opened; `fault` says why. */
  notice: Notice | null;
  fault: string | null;
  claims: { aud?: string; exp?: number; sub?: string };
}

interface TestBrowser {
  keys: ECDH;
  auth: Buffer;
  /** The key that pushes must be signed with; null: any. */
  serverKey: string | null;
}

export class TestPushService {
  /** In the order of arrival. */
  readonly pushes: ReceivedPush[] = [];
  /** What it answers by path, in order; the last one stays. 201 where nothing is said. A function may hold the answer back. */
  readonly answers = new Map<string, (number | (() => Promise<number>))[]>();
  readonly #browsers = new Map<string, TestBrowser>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#receive(request, response).catch((cause: unknown) => response.destroy(cause as Error));
    });
  }

  static async start(): Promise<TestPushService> {
    const service = new TestPushService();
    await new Promise<void>((resolve) => service.#server.listen(0, '127.0.0.1', resolve));
    return service;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Another browser asks for pushes; its endpoint is a secret of 32 random bytes, as real ones are. */
  subscribe(serverKey: string | null = null): PushTarget & { path: string } {
    const path = `/send/${randomBytes(32).toString('base64url')}`;
    const keys = createECDH('prime256v1');
    const p256dh = keys.generateKeys().toString('base64url');
    const auth = randomBytes(16);
    this.#browsers.set(path, { keys, auth, serverKey });
    return { endpoint: `${this.url}${path}`, keys: { p256dh, auth: auth.toString('base64url') }, path };
  }

  /** The pushes that one browser got. */
  of({ path }: { path: string }): ReceivedPush[] {
    return this.pushes.filter((push) => push.path === path);
  }

  /** Titles of what one browser got. */
  titles(browser: { path: string }): (string | undefined)[] {
    return this.of(browser).map(({ notice }) => notice?.title);
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const body = await buffer(request);
    const browser = this.#browsers.get(path);
    const answers = this.answers.get(path) ?? [201];
    const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? 201;
    this.pushes.push({ path, headers: request.headers, ...this.#open(request, body, browser) });
    response.statusCode = browser ? (typeof answer === 'number' ? answer : await answer()) : 404;
    response.end();
  }

  #open({ headers }: IncomingMessage, body: Buffer, browser: TestBrowser | undefined) {
    try {
      if (!browser) throw new Error('no such browser');
      if (headers['content-encoding'] !== 'aes128gcm') throw new Error('not aes128gcm');
      if (!/^\d+$/.test(String(headers.ttl))) throw new Error('TTL is missing');
      const claims = checkVapid(headers.authorization ?? '', this.url, browser.serverKey);
      return { notice: noticeSchema.parse(JSON.parse(decrypt(body, browser))), fault: null, claims };
    } catch (cause) {
      return { notice: null, fault: String(cause), claims: {} };
    }
  }
}

/** RFC 8292: an ES256 token for this origin, signed with the key that it names. */
function checkVapid(authorization: string, origin: string, serverKey: string | null): ReceivedPush['claims'] {
  const [, token = '', key = ''] = /^vapid t=([\w.-]+), ?k=([\w-]+)$/.exec(authorization) ?? [];
  const [head = '', payload = '', signature = ''] = token.split('.');
  const point = Buffer.from(key, 'base64url');
  if (point.length !== 65 || point[0] !== 4) throw new Error('k is no P-256 point');
  if (serverKey !== null && key !== serverKey) throw new Error('signed with another key');
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString('base64url'));
  const publicKey = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' }, format: 'jwk' });
  const signed = Buffer.from(`${head}.${payload}`);
  const bytes = Buffer.from(signature, 'base64url');
  if (!verify('sha256', signed, { key: publicKey, dsaEncoding: 'ieee-p1363' }, bytes)) throw new Error('bad signature');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const seconds = Date.now() / 1000;
  if (claims.aud !== origin) throw new Error(`aud is ${claims.aud}`);
  if (!(claims.exp > seconds && claims.exp <= seconds + 86_400)) throw new Error('exp is not within a day');
  if (!/^(https:|mailto:)/.test(claims.sub)) throw new Error('sub is no contact');
  return claims;
}

/** RFC 8291 and 8188, one record. */
function decrypt(body: Buffer, { keys, auth }: TestBrowser): string {
  const derive = (from: Uint8Array, salt: Uint8Array, info: string | Buffer, length: number) =>
    Buffer.from(hkdfSync('sha256', from, salt, info, length));
  const salt = body.subarray(0, 16);
  const idLength = body[20] ?? 0;
  const theirs = body.subarray(21, 21 + idLength);
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), keys.getPublicKey(), theirs]);
  const secret = derive(keys.computeSecret(theirs), auth, info, 32);
  const key = derive(secret, salt, 'Content-Encoding: aes128gcm\0', 16);
  const nonce = derive(secret, salt, 'Content-Encoding: nonce\0', 12);
  const sealed = body.subarray(21 + idLength);
  const decipher = createDecipheriv('aes-128-gcm', key, nonce);
  decipher.setAuthTag(sealed.subarray(-16));
  const plain = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
  const end = plain.lastIndexOf(2);
  if (end < 0) throw new Error('no end of the record');
  return plain.subarray(0, end).toString('utf8');
}
