import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SessionId } from '#protocol/id.ts';
import { openTestServer, type TestServer, tab, type Visitor } from '#server/testing.ts';
import { startSession } from '#server/testing-runner.ts';
import { send } from './stranger.ts';
import { inputsFor, procedures, requestOf, type Subject } from './surface.ts';

/** Statements, patterns, paths and text that a query built from strings, or a careless parser, would trip over. */
const payloads = [
  "'",
  '"',
  "''",
  "' or '1'='1",
  "' or 1=1--",
  "'; drop table events;--",
  "'); delete from people;--",
  "' union select token_hash from api_tokens--",
  '1; select pg_sleep(5)',
  "'||pg_sleep(5)||'",
  "\\'; select 1;--",
  '$$; select 1; $$',
  '$1',
  '{{1}}',
  '%',
  '_',
  '%_%\\',
  '\\',
  "'::jsonb",
  '{"a":1}',
  '$.** ? (@ == 1)',
  "a' & !b | (c <-> d):*",
  ':* & | ! ( <',
  '"unclosed phrase',
  '-minus or "',
  '/*',
  '*/ --',
  '\u0000',
  '\ud800',
  '\u2028\u202e\u200b',
  '9'.repeat(200),
  '-1e999',
  '__proto__',
  'x'.repeat(5_000),
];

let server: TestServer;
let ada: Visitor;
let subject: Subject;

beforeAll(async () => {
  server = await openTestServer();
  ada = await server.signIn('ada');
  const { sessionId, terminalId } = await startSession(server, ada);
  subject = { session: sessionId, terminalId, personId: ada.personId, dir: server.home };
});
afterAll(() => server.close());

const headers = () => ({ 'content-type': 'application/json', ...tab(server, ada) });

/** What Postgres logged for this server's connections from byte `from` on. */
async function databaseLog(from = 0): Promise<{ text: string; end: number }> {
  const [row] = await server.sql`select current_setting('data_directory') as folder`;
  const pids = await server.sql<{ pid: number }[]>`select pid from pg_stat_activity where datname = current_database()`;
  const log = await readFile(join(dirname(String(row?.folder)), 'log'));
  const lines = log.subarray(from).toString().split('\n');
  const ours = lines.filter((line) => pids.some(({ pid }) => line.includes(`[${pid}]`)));
  return { text: ours.join('\n'), end: log.length };
}

/** Every value of `input` that is no object, as a copy with a payload in its place. */
function* variants(input: Record<string, unknown>, payload: string): Generator<Record<string, unknown>> {
  for (const [field, value] of Object.entries(input)) {
    yield { ...input, [field]: Array.isArray(value) ? value.map(() => payload) : payload };
  }
}

describe('text in a parameter', () => {
  it('[SEC10] is data in every field of every procedure: no statement breaks, no answer is an internal error', async () => {
    const { end } = await databaseLog();
    const inputs = inputsFor(subject);
    let calls = 0;
    for (const procedure of procedures) {
      for (const payload of payloads) {
        for (const input of variants(inputs[procedure.path] ?? {}, payload)) {
          const { method, path, body: given } = requestOf(procedure, input);
          const said = given === undefined ? null : JSON.stringify(given);
          const response = await server.request(path, { method, headers: headers(), body: said });
          const { status } = response;
          const body = await response.text();
          const what = `${procedure.path} ${JSON.stringify(input).slice(0, 300)} ${body.slice(0, 300)}`;
          expect(status, what).toBeLessThan(500);
          expect(body, what).not.toContain('server.internal');
          calls++;
        }
      }
    }
    expect(calls).toBeGreaterThan(1_500);
    // The same prompt under the same id again: how the log knows a repeated fact.
    const repeated = /events_dedupe|dedupe_key/;
    const complaints = (await databaseLog(end)).text.split('\n').filter((line) => !repeated.test(line));
    expect(complaints.join('\n')).toBe('');
    const [row] = await server.sql`select count(*)::int as n from api_tokens`;
    expect(row?.n).toBe(0);
  }, 60_000);

  it('[SEC10] is data in paths, cursors, cookies, keys and sign-in tokens', async () => {
    const { end } = await databaseLog();
    for (const payload of payloads) {
      const text = encodeURIComponent(payload.replace(/\p{Surrogate}/gu, '?'));
      for (const path of [
        `/sessions/${text}`,
        `/?to=${text}`,
        `/api/trpc/${text}`,
        `/api/trpc/session.list?input=${text}`,
      ]) {
        const { status } = await send(server.url, { method: 'GET', path, headers: headers() });
        expect(status, path).toBeLessThan(500);
      }
      const safe = text.slice(0, 300);
      for (const path of [`/ws/terminal/${safe}`, `/ws/terminal/${subject.terminalId}?after=${safe}`]) {
        expect([4400, 4404, null]).toContain(await outcome(path));
      }
      const post = { method: 'POST', path: '/api/sign-in', headers: headers(), body: { token: payload } };
      expect([400, 410, 413, 429]).toContain((await send(server.url, post)).status);
      for (const secret of [{ cookie: `__Host-omnigent=${safe}` }, { authorization: `Bearer ${safe}` }]) {
        const path = '/api/trpc/person.me';
        expect((await send(server.url, { method: 'GET', path, headers: secret })).status).toBe(401);
      }
    }
    expect((await databaseLog(end)).text).toBe('');
  });

  async function outcome(path: string): Promise<number | null> {
    const socket = server.socket(path, tab(server, ada));
    const first = new Promise<null>((resolve) => socket.once('message', () => resolve(null)));
    const code = await Promise.race([socket.ended, first]);
    socket.terminate();
    return code;
  }

  it('[SEC10] in a cursor of its own making is refused', async () => {
    const { end } = await databaseLog();
    const behind = { updatedAt: '2026-01-01T00:00:00Z', id: subject.session };
    const forged: object[] = [
      { group: 'idle', behind: { ...behind, id: "' or 1=1--" } },
      { group: 'idle', behind: { ...behind, id: '\u0000' } },
      { group: 'idle', behind: { ...behind, updatedAt: '0000-01-01T00:00:00Z' } },
      { group: 'idle', behind: { ...behind, updatedAt: 'infinity' } },
      { group: 'all', behind },
      [],
    ];
    for (const cursor of forged) {
      const text = Buffer.from(JSON.stringify(cursor)).toString('base64url');
      const input = encodeURIComponent(JSON.stringify({ cursor: text }));
      const response = await server.request(`/api/trpc/session.list?input=${input}`, { headers: headers() });
      expect(response.status, JSON.stringify(cursor)).toBe(400);
      expect(await response.text()).toContain('unknown cursor: start from the first page');
    }
    expect((await databaseLog(end)).text).toBe('');
  });

  it('[SEC10] is found as it is written and as nothing else', async () => {
    const person = { personId: ada.personId, name: 'ada', role: 'owner' as const };
    const { lifecycle, log } = server.services;
    const made = new Map<SessionId, string>();
    for (const payload of payloads.slice(0, 27)) {
      const { sessionId } = await lifecycle.create({ dir: server.home, name: `n ${payload}` }, person);
      made.set(sessionId, `n ${payload}`.trim());
    }
    for (const [sessionId, name] of made) {
      expect((await log.find(name)).id, name).toBe(sessionId);
      const found = await log.search({ query: name, limit: 50 });
      expect(JSON.stringify(found), name).toContain('"');
    }
    await expect(log.find('n %%')).rejects.toMatchObject({ code: 'session.not-found' });
    await expect(log.find('n __')).rejects.toMatchObject({ code: 'session.not-found' });
  });
});

describe('a body', () => {
  const post = (body: string, extra: Record<string, string> = {}) =>
    send(server.url, { method: 'POST', path: '/api/trpc/person.link', headers: { ...headers(), ...extra }, body });

  it('[SEC11] above 1 MiB is refused with 413, said in advance or not; so is a longer one where none is needed', async () => {
    const large = JSON.stringify({ as: 'x'.repeat(1024 * 1024) });
    expect((await post(large)).status).toBe(413);
    expect((await post(large, { 'transfer-encoding': 'chunked' })).status).toBe(413);
    for (const path of ['/api/sign-in', '/api/sign-out']) {
      const body = JSON.stringify({ token: 'x'.repeat(5_000) });
      expect((await send(server.url, { method: 'POST', path, headers: headers(), body })).status).toBe(413);
    }
  });

  it('[SEC11] deeper than 64 levels or with more than 50,000 members is refused with 400 before it is parsed', async () => {
    const keys = Object.fromEntries(Array.from({ length: 60_000 }, (_, n) => [`k${n}`, 1]));
    const bodies = ['['.repeat(100) + ']'.repeat(100), '{"a":'.repeat(100), JSON.stringify(keys), '[', '"', '{"as":'];
    for (const body of bodies) {
      const answer = await post(body);
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.body).error.message).toMatch(/^body: /);
    }
  });

  it('[SEC11] with __proto__, constructor or repeated members means nothing by them', async () => {
    const proto =
      '{"as":"Zoe","__proto__":{"role":"owner","isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}';
    expect((await post(proto)).status).toBe(200);
    expect('isAdmin' in {}).toBe(false);
    const { body } = await send(server.url, { method: 'GET', path: '/api/trpc/person.me', headers: headers() });
    expect(body).not.toContain('isAdmin');
    expect((await post('{"__proto__":{"as":"Eve"}}')).status).toBe(200);
    const [row] = await server.sql`select count(*)::int as n from people where name = 'Eve'`;
    expect(row?.n).toBe(0);
  });
});
