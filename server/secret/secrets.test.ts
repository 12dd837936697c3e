/** Secrets on a whole server with a real database, asked by HTTP as a browser and a script do. */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { serverChain } from '#protocol/id.ts';
import { openTestServer, type TestServer, tab, type Visitor } from '#server/testing.ts';

const value = 'a-value-that-nobody-may-see';
let server: TestServer;
let ada: Visitor;

beforeEach(async () => {
  server = await openTestServer();
  ada = await server.signIn('ada');
});
afterEach(() => server.close());

async function ask(procedure: string, input?: object, visitor: Visitor = ada) {
  const headers = { ...tab(server, visitor), 'content-type': 'application/json' };
  const init = input === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(input) };
  const answered = await server.request(`/api/trpc/secret.${procedure}`, init);
  const body = JSON.parse(await answered.text()) as { result?: { data: unknown }; error?: { message: string } };
  return { status: answered.status, data: body.result?.data, message: body.error?.message ?? '' };
}

const list = async () => (await ask('list')).data as Record<string, unknown>[];
const set = (more: object = {}, visitor: Visitor = ada) =>
  ask('set', { name: 'forge', value, url: 'https://git.example.com/team/', use: { kind: 'bearer' }, ...more }, visitor);
const facts = async () =>
  (await server.services.log.read(serverChain, { after: 0, limit: 500 })).filter(({ type }) =>
    type.startsWith('secret.'),
  );

it('[CRD1] a secret is stored, replaced and removed; it counts at once and after a restart, and its value is never told', async () => {
  expect(await set({ methods: ['GET'] })).toMatchObject({ status: 200, data: { wasThere: false } });
  const place = { origin: 'https://git.example.com', pathPrefix: '/team/' };
  const route = { name: 'forge', ...place, use: { kind: 'bearer' }, methods: ['GET'] };
  const time = expect.stringMatching(/^\d{4}-/);
  const shown = { ...route, createdAt: time, updatedAt: time, lastUsedAt: null, useCount: 0, problem: null };
  expect(await list()).toEqual([shown]);
  expect(server.services.secrets.find('forge')).toEqual({ kind: 'ready', route, value });
  const basic = {
    use: { kind: 'basic', user: 'bot' },
    url: 'https://git.example.com',
    value: 'ä password with spaces',
  };
  expect(await set(basic)).toMatchObject({ status: 200, data: { wasThere: true } });
  server = await openTestServer({}, await server.crash());
  ada = await server.signIn('ada');
  expect(server.services.secrets.find('forge')).toMatchObject({
    ...{ kind: 'ready', value: 'ä password with spaces' },
    route: { pathPrefix: '/', use: { kind: 'basic', user: 'bot' }, methods: null },
  });
  expect((await ask('remove', { name: 'forge' })).status).toBe(200);
  expect(server.services.secrets.find('forge')).toEqual({ kind: 'missing' });
  expect(await ask('remove', { name: 'forge' })).toMatchObject({ status: 404, message: 'no secret is called forge' });
  expect(await list()).toEqual([]);
});

it('[CRD2] only owners set, remove and rotate, and each change is in the server’s log with its author and no value', async () => {
  const eve = await server.signIn('eve');
  await server.sql`update people set role = 'editor' where name = 'eve'`;
  expect((await set({}, eve)).status).toBe(403);
  await set();
  expect((await ask('remove', { name: 'forge' }, eve)).status).toBe(403);
  expect((await ask('rotate', {}, eve)).status).toBe(403);
  expect((await ask('list', undefined, eve)).status).toBe(200);
  await set({ url: 'https://other.example.com' });
  await ask('remove', { name: 'forge' });
  const route = { name: 'forge', use: 'bearer' };
  expect((await facts()).map(({ type, payload, principal }) => [type, payload, principal])).toEqual([
    ['secret.set', { ...route, origin: 'https://git.example.com', pathPrefix: '/team/' }, ada.personId],
    ['secret.rotated', { ...route, origin: 'https://other.example.com', pathPrefix: '/' }, ada.personId],
    ['secret.removed', { name: 'forge' }, ada.personId],
  ]);
  expect(JSON.stringify(await facts())).not.toContain(value);
});

it('[CRD3] a name, address, use, method or value that is none is refused, naming the field and what is expected', async () => {
  const refused: [object, RegExp][] = [
    ...['', 'Forge', '1forge', 'a_b', 'a'.repeat(64), '../x', 7].map((name): [object, RegExp] => [{ name }, /^name: /]),
    ...[
      ...[
        'git.example.com',
        'ftp://git.example.com',
        'http://git.example.com',
        'http://10.0.0.1',
        'javascript:alert(1)',
      ],
      ...['https://ada:pw@git.example.com', 'https://git.example.com/?a=1', 'https://git.example.com/#a', 'https://'],
      ...['https://git.example.com/a/../b', 'https://git.example.com/a%2fb', 'https://git.example.com/a//b'],
      ...['https://git.example.com\\@evil.example', 'https://git.example.com/a;b', 'https://git.example.com/ä'],
      ...['https://169.254.169.254/', 'https://[fd00:ec2::254]/', 'https://metadata.google.internal/', 'https:// x'],
    ].map((url): [object, RegExp] => [{ url }, /^url: /]),
    [{ use: { kind: 'cookie' } }, /^use/],
    [{ use: { kind: 'basic', user: 'a:b' } }, /^use.user: .*without a colon/],
    ...['Host', 'Content-Length', 'X-Omnigent-Token', 'a b', 'Transfer-Encoding', ''].map(
      (header): [object, RegExp] => [{ use: { kind: 'header', header } }, /^use.header: /],
    ),
    [{ methods: ['TRACE'] }, /^methods.0: expected methods out of GET/],
    [{ methods: [] }, /^methods: /],
    ...['', 'a\nb', 'a\0', 'x'.repeat(4_097), 7].map((bad): [object, RegExp] => [{ value: bad }, /^value: /]),
    [{ value: 'with space' }, /^value: a token has no spaces/],
    [{ value: 'ä' }, /^value: a header takes ASCII characters only/],
    [{ value: ' x', use: { kind: 'header', header: 'X-Key' } }, /^value: a header takes no spaces around/],
  ];
  for (const [change, words] of refused) {
    const { status, message } = await set(change);
    expect([status, message], JSON.stringify(change).slice(0, 200)).toEqual([400, expect.stringMatching(words)]);
    expect(message).not.toContain(value);
  }
  await set({ name: 'one', use: { kind: 'npm' } });
  expect((await set({ name: 'two', use: { kind: 'npm' } })).message).toMatch(
    /^use: npm has one registry, and one is for it/,
  );
  const fine = [
    ...[
      'http://127.0.0.1:3000/',
      'http://localhost:8080',
      'http://[::1]:80/x',
      'https://10.0.0.1/git/',
      'https://gitlab.corp',
    ],
    'https://git.example.com/team/app.git',
  ];
  for (const url of fine) expect((await set({ url })).status, url).toBe(200);
});

it('[CRD4] a value that cannot be read any more is said to be so, is no route, works again once it can, and can be replaced', async () => {
  await set();
  server = await openTestServer({ secretKey: randomBytes(32) }, await server.crash());
  ada = await server.signIn('ada');
  expect(await list()).toMatchObject([{ name: 'forge', problem: expect.stringContaining('another secret key') }]);
  expect(server.services.secrets.find('forge')).toMatchObject({ kind: 'unusable' });
  expect(server.services.secrets.routes()).toEqual([]);
  await set();
  expect(await list()).toMatchObject([{ problem: null }]);
  expect(server.services.secrets.routes()).toHaveLength(1);
});

it('[CRD4] without its secret key the server starts, and says what is gone', async () => {
  await set();
  const remains = await server.crash();
  await rm(join(remains.home, 'secret.key'));
  server = await openTestServer({}, remains);
  ada = await server.signIn('ada');
  expect(await list()).toMatchObject([{ problem: expect.stringMatching(/secret\.key in OMNIGENT_HOME is gone/) }]);
});
