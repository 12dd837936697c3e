/** A new secret key under everything that is stored, with the cuts that may come between, on a real database. */
import { randomBytes } from 'node:crypto';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { serverChain } from '#protocol/id.ts';
import { openTestServer, type TestServer, tab, type Visitor } from '#server/testing.ts';
import { SecretBox } from './box.ts';

const value = 'a-value-that-survives';
const providerKey = 'sk-a-key-that-survives';
let server: TestServer;
let ada: Visitor;
let before: string;

beforeEach(async () => {
  before = await mkdtemp(join(tmpdir(), 'omnigent-before-'));
  server = await openTestServer();
  ada = await server.signIn('ada');
});
afterEach(async () => {
  await server.close();
  await rm(before, { recursive: true, force: true });
});

const random = (bytes: Uint8Array) => void bytes.set(randomBytes(bytes.length));
const boxAt = (home: string, given: Uint8Array | null = null) =>
  new SecretBox({ home, given, givenNext: null, random });
const route = { name: 'forge', origin: 'https://git.example.com', pathPrefix: '/', methods: null };

async function fill(): Promise<void> {
  const { providers, secrets, notify } = server.services;
  await secrets.set({ ...route, use: { kind: 'bearer' }, value }, ada.personId);
  await providers.set({ name: 'openai', key: providerKey, baseUrl: null }, ada.personId);
  await notify.prepare();
  const keys = { p256dh: `B${'A'.repeat(86)}`, auth: 'A'.repeat(22) };
  await notify.subscribe({ endpoint: 'https://push.example.com/send/1', keys }, 'Firefox on Linux', ada.personId);
  await copyFile(join(server.home, 'secret.key'), join(before, 'secret.key'));
}

async function rotate() {
  const headers = { ...tab(server, ada), 'content-type': 'application/json' };
  const answered = await server.request('/api/trpc/secret.rotate', { method: 'POST', headers, body: '{}' });
  const body = JSON.parse(await answered.text()) as { result?: { data: unknown }; error?: { message: string } };
  return { status: answered.status, data: body.result?.data, message: body.error?.message ?? '' };
}

/** Every sealed column of the database with its values, whoever put them there. */
async function sealed(): Promise<{ column: string; value: Uint8Array; key: string }[]> {
  const columns = await server.sql<{ table: string; column: string; key: string }[]>`
    select c.table_name as table, c.column_name as column, k.column_name as key
    from information_schema.columns c
      join information_schema.table_constraints t on t.table_name = c.table_name and t.constraint_type = 'PRIMARY KEY'
      join information_schema.key_column_usage k on k.constraint_name = t.constraint_name
    where c.table_schema = 'public' and c.data_type = 'bytea' and c.column_name like '%sealed%'`;
  const all = columns.map(async ({ table, column, key }) => {
    const rows = await server.sql.unsafe<{ value: Uint8Array; key: string }[]>(
      `select ${column} as value, ${key} as key from ${table}`,
    );
    return rows.map((row) => ({ column: `${table}.${column}`, ...row }));
  });
  return (await Promise.all(all)).flat();
}

const names = (column: string, key: string) =>
  ({ 'secrets.sealed_value': `secret.${key}`, 'push_subscriptions.sealed': `push.${key}` })[column] ?? key;

/** Which sealed values open with the keys of a home. */
async function opening(box: SecretBox): Promise<string[]> {
  const opened: string[] = [];
  for (const { column, value: bytes, key } of await sealed()) {
    await box.open(bytes, names(column, key)).then(
      () => opened.push(column),
      () => undefined,
    );
  }
  return opened.sort();
}

const everything = [
  ...['providers.sealed_key', 'push_keys.sealed_private_key', 'push_subscriptions.sealed', 'secrets.sealed_value'],
];

it('[CRD17] rotating seals everything that is stored under a new key file; nothing opens with the old one any more', async () => {
  await fill();
  expect(await opening(boxAt(before))).toEqual(everything);
  expect(await rotate()).toMatchObject({ status: 200, data: { sealed: 4, unreadable: [], isGiven: false } });
  expect(await opening(boxAt(server.home))).toEqual(everything);
  expect(await opening(boxAt(before))).toEqual([]);
  expect((await readdir(server.home)).filter((name) => name.startsWith('secret.key'))).toEqual(['secret.key']);
  const events = await server.services.log.read(serverChain, { after: 0, limit: 500 });
  expect(events.at(-1)).toMatchObject({
    type: 'secret.resealed',
    principal: ada.personId,
    payload: { sealed: 4, unreadable: 0 },
  });
  server = await openTestServer({}, await server.crash());
  expect(server.services.secrets.find('forge')).toMatchObject({ value });
  expect(server.services.providers.find('openai')).toMatchObject({ provider: { key: providerKey } });
});

it('[CRD17] a value that no key opens stays as it is, and is named', async () => {
  await fill();
  await server.sql`update secrets set sealed_value = sealed_value || '\\x00'::bytea`;
  expect(await rotate()).toMatchObject({ data: { sealed: 3, unreadable: ['secrets forge'] } });
});

it('[CRD18] wherever a rotation is cut off everything can be read, and the next start finishes it', async () => {
  await fill();
  // Cut before anything was stored: by the next key's file alone it is told that a rotation began.
  const dying = boxAt(server.home);
  await expect(dying.change(() => Promise.reject(new Error('killed')))).rejects.toThrow('killed');
  expect(await opening(boxAt(server.home))).toEqual(everything);
  // What is stored meanwhile is sealed under the next key, which will not be thrown away.
  await server.services.secrets.set({ ...route, name: 'later', use: { kind: 'bearer' }, value }, ada.personId);
  expect((await opening(boxAt(before))).length).toBe(4);
  await copyFile(join(server.home, 'secret.key.next'), join(server.home, 'secret.key.next.0123456789abcdef'));
  server = await openTestServer({}, await server.crash());
  const all = [...everything, 'secrets.sealed_value'];
  expect(await opening(boxAt(server.home))).toEqual(all);
  expect(await opening(boxAt(before))).toEqual([]);
  expect((await readdir(server.home)).filter((name) => name.startsWith('secret.key'))).toEqual(['secret.key']);

  // Cut after everything was stored, before the next key has its place.
  await copyFile(join(server.home, 'secret.key'), join(before, 'secret.key'));
  ada = await server.signIn('ada');
  await rotate();
  await copyFile(join(server.home, 'secret.key'), join(server.home, 'secret.key.next'));
  await copyFile(join(before, 'secret.key'), join(server.home, 'secret.key'));
  expect(await opening(boxAt(server.home))).toEqual(all);
  server = await openTestServer({}, await server.crash());
  expect(await opening(boxAt(server.home))).toEqual(all);
  expect(await opening(boxAt(before))).toEqual([]);
});

it('[CRD18] what is being stored while a rotation runs is readable afterwards', async () => {
  await fill();
  const { secrets } = server.services;
  const storing = Array.from({ length: 20 }, (_, n) =>
    secrets.set({ ...route, name: `n-${n}`, use: { kind: 'bearer' }, value }, ada.personId),
  );
  const rotations = [rotate(), rotate(), rotate()];
  await Promise.all([...storing, ...rotations]);
  expect(await opening(boxAt(server.home))).toHaveLength(24);
});

it('[CRD19] a key given in the environment is rotated with the next one given beside it, and refused with the way without it', async () => {
  const [current, next] = [randomBytes(32), randomBytes(32)];
  server = await openTestServer({ secretKey: current }, await server.crash());
  ada = await server.signIn('ada');
  await writeFile(join(before, 'secret.key'), '');
  await server.services.secrets.set({ ...route, use: { kind: 'bearer' }, value }, ada.personId);
  expect(await rotate()).toMatchObject({
    status: 409,
    message: expect.stringMatching(/as OMNIGENT_SECRET_KEY_NEXT beside it/),
  });
  server = await openTestServer({ secretKey: current, nextSecretKey: next }, await server.crash());
  ada = await server.signIn('ada');
  expect(server.services.secrets.find('forge')).toMatchObject({ value });
  await server.services.secrets.set({ ...route, name: 'later', use: { kind: 'bearer' }, value }, ada.personId);
  expect(await opening(boxAt(server.home, next))).toHaveLength(1);
  expect(await rotate()).toMatchObject({ status: 200, data: { sealed: 2, unreadable: [], isGiven: true } });
  expect(await opening(boxAt(server.home, next))).toHaveLength(2);
  expect(await opening(boxAt(server.home, current))).toEqual([]);
  server = await openTestServer({ secretKey: next }, await server.crash());
  expect(server.services.secrets.find('forge')).toMatchObject({ value });
  expect(await readdir(server.home)).not.toContain('secret.key');
  expect(await readFile(join(before, 'secret.key'), 'utf8')).toBe('');
});

it('[CRD19] a key file is left for a key in the environment the same way', async () => {
  await fill();
  const next = randomBytes(32);
  server = await openTestServer({ nextSecretKey: next }, await server.crash());
  ada = await server.signIn('ada');
  expect(await rotate()).toMatchObject({ status: 200, data: { sealed: 4, unreadable: [], isGiven: true } });
  expect(await opening(boxAt(before))).toEqual([]);
  server = await openTestServer({ secretKey: next }, await server.crash());
  expect(server.services.secrets.find('forge')).toMatchObject({ value });
});
