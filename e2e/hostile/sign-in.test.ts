import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openTestServer, type TestServer, tab } from '#server/testing.ts';
import { markOf } from './database-mark.ts';
import { type Answer, send } from './stranger.ts';

let server: TestServer;
beforeEach(async () => {
  server = await openTestServer();
});
afterEach(() => server.close());

const hourMs = 3_600_000;
const json = { 'content-type': 'application/json' } as const;

const redeem = (token: unknown, cookie?: string): Promise<Answer> => {
  const headers = { ...json, origin: server.url, ...(cookie === undefined ? {} : { cookie }) };
  return send(server.url, { method: 'POST', path: '/api/sign-in', headers, body: { token } });
};
const cookieOf = ({ headers }: Answer): string => headers['set-cookie']?.[0]?.split(';')[0] ?? '';
const statusWith = async (cookie: string): Promise<number> =>
  (await send(server.url, { method: 'GET', path: '/api/trpc/person.me', headers: { cookie } })).status;
const signIn = async (): Promise<string> => cookieOf(await redeem(await server.services.auth.createLink('ada')));

describe('sign-in links', () => {
  it('[SEC7] wrong, malformed, used and expired ones are refused with the way to a new one, and open nothing', async () => {
    const { auth } = server.services;
    const used = await auth.createLink('ada');
    expect((await redeem(used)).status).toBe(200);
    const expired = await auth.createLink('ada');
    server.advance(15 * 60_000 + 1);
    const before = await markOf(server.sql);
    const wrong = `lnk_${'a'.repeat(43)}`;
    const answers = await Promise.all([wrong, used, expired].map((token) => redeem(token)));
    for (const { status, headers, body } of answers) {
      expect(status).toBe(410);
      expect(headers['set-cookie']).toBeUndefined();
      expect(JSON.parse(body).error).toEqual({
        code: 'auth.link-expired',
        message: 'this sign-in link was used already or has expired; run `omnigent url` for a new one',
      });
    }
    for (const token of [null, 7, '', 'x', 'x'.repeat(201), {}, [wrong]]) {
      expect((await redeem(token)).status, JSON.stringify(token)).toBe(400);
    }
    expect(await markOf(server.sql)).toEqual(before);
  });

  it('[SEC7] of twenty who use one link at once exactly one is signed in', async () => {
    const token = await server.services.auth.createLink('ada');
    const answers = await Promise.all(Array.from({ length: 20 }, () => redeem(token)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const [row] = await server.sql`select count(*)::int as n from browser_sessions`;
    expect(row?.n).toBe(1);
  });

  it('[SEC7] no other secret opens a session: a cookie, an API token or a runner key is no link', async () => {
    const cookie = await signIn();
    for (const token of [cookie.split('=')[1], await server.token()]) expect((await redeem(token)).status).toBe(410);
  });

  it('[SEC7] the database holds hashes of links, cookies and tokens, never themselves', async () => {
    const link = await server.services.auth.createLink('ada');
    const secrets = [link, (await signIn()).split('=')[1] ?? '', await server.token()];
    const [dump] = await server.sql`
      select query_to_xml('select * from sign_in_links', true, false, '')::text
        || query_to_xml('select * from browser_sessions', true, false, '')::text
        || query_to_xml('select * from api_tokens', true, false, '')::text
        || query_to_xml('select * from events', true, false, '')::text as text`;
    for (const secret of secrets) {
      expect(secret).toMatch(/^\w{3}_[\w-]{43}$/);
      expect(dump?.text).not.toContain(secret);
      expect(dump?.text).not.toContain(Buffer.from(secret).toString('base64'));
    }
  });

  it('[SEC7] after ten wrong ones in a minute the next is refused with 429, a good one too; then it works again', async () => {
    const good = await server.services.auth.createLink('ada');
    for (let n = 0; n < 10; n++) expect((await redeem(`lnk_${'b'.repeat(43)}`)).status).toBe(410);
    for (const token of [`lnk_${'c'.repeat(43)}`, good]) {
      const { status, headers } = await redeem(token);
      expect(status).toBe(429);
      expect(headers['retry-after']).toBeDefined();
    }
    server.advance(60_001);
    expect((await redeem(good)).status).toBe(200);
  });
});

describe('the browser session', () => {
  it('[SEC4] its cookie is bound to this host, unreadable by scripts and sent by no other site', async () => {
    const answer = await redeem(await server.services.auth.createLink('ada'));
    const [pair = '', ...attributes] = answer.headers['set-cookie']?.[0]?.split('; ') ?? [];
    expect(pair).toMatch(/^__Host-omnigent=brw_[\w-]{43}$/);
    expect(attributes.sort()).toEqual(['HttpOnly', 'Max-Age=604800', 'Path=/', 'SameSite=Lax', 'Secure']);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.body).not.toContain('brw_');
  });

  it('[SEC4] is new at every sign-in: what the browser brought along is not taken over, and ends', async () => {
    const chosen = `__Host-omnigent=brw_${'f'.repeat(43)}`;
    const { auth } = server.services;
    const first = cookieOf(await redeem(await auth.createLink('ada'), chosen));
    expect(first).not.toBe(chosen);
    expect(await statusWith(chosen)).toBe(401);
    const second = cookieOf(await redeem(await auth.createLink('ada'), first));
    expect(await statusWith(first)).toBe(401);
    expect(await statusWith(second)).toBe(200);
    expect((await redeem(`lnk_${'a'.repeat(43)}`, second)).status).toBe(410);
    expect(await statusWith(second)).toBe(200);
  });

  it('[SEC4] ends on the server at sign-out: its cookie is refused from then on and its sockets are closed', async () => {
    const [cookie, other] = [await signIn(), await signIn()];
    const headers = { ...json, cookie, origin: server.url };
    const socket = await server.socket('/ws/events', headers).opened();
    const kept = await server.socket('/ws/events', { ...headers, cookie: other }).opened();
    const answer = await send(server.url, { method: 'POST', path: '/api/sign-out', headers, body: {} });
    expect(answer.headers['set-cookie']?.[0]).toMatch(/^__Host-omnigent=; Max-Age=0; .*Secure/);
    expect(await socket.ended).toBe(4403);
    expect(await statusWith(cookie)).toBe(401);
    const again = server.socket('/ws/events', headers);
    expect(await again.ended).toBe(4401);
    expect(again.reason).toContain('omnigent url');
    expect(await statusWith(other)).toBe(200);
    expect(kept.readyState).toBe(kept.OPEN);
  });

  it('[SEC6] ends after 12 hours without a request, and 7 days after the sign-in however busy it is', async () => {
    const [busy, idle] = [await signIn(), await signIn()];
    for (let hours = 0; hours < 7 * 24 - 12; hours += 11) {
      server.advance(11 * hourMs);
      expect(await statusWith(busy), `after ${hours + 11} h`).toBe(200);
    }
    expect(await statusWith(idle)).toBe(401);
    server.advance(3 * hourMs);
    expect(await statusWith(busy)).toBe(401);
  });

  it('[SEC6] an open socket does not outlive its browser session', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const watched = await openTestServer();
    try {
      const visitor = await watched.signIn('ada');
      const socket = await watched.socket('/ws/events', tab(watched, visitor)).opened();
      watched.advance(7 * 24 * hourMs);
      vi.advanceTimersByTime(60_000);
      expect(await socket.ended).toBe(4401);
      expect(socket.reason).toContain('sign in again');
    } finally {
      vi.useRealTimers();
      await watched.close();
    }
  });
});
