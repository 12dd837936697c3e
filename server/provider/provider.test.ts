/** Providers on a whole server with a real database, asked by HTTP as a browser and a script do. */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { serverChain } from '#protocol/id.ts';
import type { ProviderName } from '#protocol/provider.ts';
import { openTestServer, type TestServer, tab, type Visitor } from '#server/testing.ts';

const key = 'sk-stored-key-that-nobody-may-see';
const given = { baseUrl: 'http://127.0.0.1:9', key: 'sk-key-of-the-environment' };
const environment = { anthropic: given, openai: { baseUrl: null, key: null } };
let server: TestServer;
let ada: Visitor;
/** Everything that any call answered. */
let answers: string[];

beforeEach(async () => {
  answers = [];
  server = await openTestServer({ providers: environment });
  ada = await server.signIn('ada');
});
afterEach(() => server.close());

async function ask(procedure: string, input?: object, visitor: Visitor = ada) {
  const headers = { ...tab(server, visitor), 'content-type': 'application/json' };
  const init = input === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(input) };
  const answered = await server.request(`/api/trpc/provider.${procedure}`, init);
  const text = await answered.text();
  answers.push(text);
  return { status: answered.status, body: JSON.parse(text) };
}

const list = async () => (await ask('list')).body.result.data;
const set = (more: object = {}) => ask('set', { name: 'anthropic', key, ...more });
const stateOf = (name: ProviderName, of = server) => of.services.providers.find(name);
const own = { name: 'openai', baseUrl: null, source: null, hasKey: false, problem: null };

it('[PRV1] the environment counts where nothing is stored; what is stored wins at once, and removing it brings the environment back', async () => {
  const ofEnvironment = {
    name: 'anthropic',
    baseUrl: given.baseUrl,
    source: 'environment',
    hasKey: true,
    problem: null,
  };
  expect(await list()).toEqual([ofEnvironment, own]);
  expect(stateOf('anthropic')).toMatchObject({ provider: { key: given.key, baseUrl: given.baseUrl } });
  expect((await set()).status).toBe(200);
  expect(await list()).toEqual([{ ...ofEnvironment, baseUrl: null, source: 'stored' }, own]);
  expect(stateOf('anthropic')).toMatchObject({ provider: { key, baseUrl: 'https://api.anthropic.com' } });
  expect((await set({ key: 'other', baseUrl: 'http://127.0.0.1:8/v1/' })).status).toBe(200);
  expect(stateOf('anthropic')).toMatchObject({ provider: { key: 'other', baseUrl: 'http://127.0.0.1:8' } });
  expect((await ask('remove', { name: 'anthropic' })).status).toBe(200);
  expect(await list()).toEqual([ofEnvironment, own]);
  expect(stateOf('anthropic')).toMatchObject({ provider: { key: given.key } });
  expect(stateOf('openai')).toMatchObject({ kind: 'missing' });
});

it('[PRV1] what is stored is there after a restart', async () => {
  await set({ name: 'openai' });
  const next = await openTestServer({}, await server.crash());
  server = next;
  expect(stateOf('openai', next)).toMatchObject({ kind: 'ready', provider: { key } });
});

it('[PRV2] no answer, log line, event or row holds a key in clear', async () => {
  await set();
  await set({ name: 'openai', baseUrl: 'ftp://nowhere' });
  await set({ name: 'openai', key: `${key} with a space` });
  await set({ name: 'openai', key: [key] });
  await list();
  await ask('remove', { name: 'openai' });
  const events = await server.services.log.read(serverChain, { after: 0, limit: 500 });
  const dump = await server.sql`
    select query_to_xml(format('select * from %I', tablename), true, false, '')::text as text
    from pg_tables where schemaname = 'public'`;
  const seen = [...answers, ...server.lines, JSON.stringify(events), ...dump.map((row) => String(row.text))].join('\n');
  expect(seen).toContain('sealed_key');
  for (const secret of [key, given.key]) {
    for (const form of ['utf8', 'base64', 'hex'] as const) {
      expect(seen).not.toContain(Buffer.from(secret).toString(form).replace(/=+$/, ''));
    }
  }
});

it('[PRV3] who set and who removed a key is in the server’s log, a removal of nothing is not', async () => {
  await set({ baseUrl: 'https://models.example.com' });
  await ask('remove', { name: 'anthropic' });
  await ask('remove', { name: 'anthropic' });
  const events = await server.services.log.read(serverChain, { after: 0, limit: 500 });
  expect(events.filter(({ type }) => type.startsWith('provider.'))).toMatchObject([
    { type: 'provider.set', principal: ada.personId, payload: { provider: 'anthropic', baseUrl: expect.any(String) } },
    { type: 'provider.removed', principal: ada.personId, payload: { provider: 'anthropic' } },
  ]);
});

it('[PRV4] a key has 1 to 512 printable characters, an address is http or https and holds nothing secret', async () => {
  for (const wrong of ['', 'a b', 'a\n', 'é', 'k'.repeat(513), 7]) expect((await set({ key: wrong })).status).toBe(400);
  const addresses = [
    ...[
      'models.example.com',
      'ftp://models.example.com',
      'https://ada:pw@models.example.com',
      'https://m.example/?k=1',
    ],
    ...['https://m.example/#k', 'http://169.254.169.254/', 'http://[::ffff:169.254.169.254]/', 'javascript:alert(1)'],
  ];
  for (const baseUrl of addresses) expect((await set({ baseUrl })).status, baseUrl).toBe(400);
  expect((await set({ name: 'other' })).status).toBe(400);
  expect((await set({ baseUrl: 'http://192.168.1.5:11434/v1' })).status).toBe(200);
});

it('[PRV4] only owners set and remove', async () => {
  const eve = await server.signIn('eve');
  await server.sql`update people set role = 'editor' where name = 'eve'`;
  expect((await ask('set', { name: 'openai', key }, eve)).status).toBe(403);
  expect((await ask('remove', { name: 'anthropic' }, eve)).status).toBe(403);
  expect((await ask('list', undefined, eve)).status).toBe(200);
});

it('[PRV5] a key that cannot be read any more is said to be so, works again once it can, and can be replaced', async () => {
  await set();
  const other = await openTestServer({ secretKey: randomBytes(32) }, await server.crash());
  server = other;
  ada = await other.signIn('ada');
  expect((await list())[0]).toMatchObject({ hasKey: true, problem: expect.stringContaining('another secret key') });
  expect(stateOf('anthropic')).toMatchObject({ kind: 'unusable' });
  await set();
  expect((await list())[0]).toMatchObject({ source: 'stored', problem: null });
  expect(stateOf('anthropic')).toMatchObject({ kind: 'ready', provider: { key } });
});

it('[PRV5] without its secret key the server starts, and says what is gone', async () => {
  await set();
  const remains = await server.crash();
  await rm(join(remains.home, 'secret.key'));
  server = await openTestServer({}, remains);
  ada = await server.signIn('ada');
  expect((await list())[0]).toMatchObject({ problem: expect.stringMatching(/secret\.key in OMNIGENT_HOME is gone/) });
});
