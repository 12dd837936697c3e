/** The way of a request with a credential: a program, the agent port, the server, an upstream that speaks https. */
import { randomBytes } from 'node:crypto';
import { request as requestHttp, type ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { newId } from '#protocol/id.ts';
import type { SecretMethod, SecretUse } from '#protocol/secret.ts';
import { openTestServer, random, type TestServer, type Visitor } from '#server/testing.ts';
import { admit, ask, callApi, dumpOf, eventsOf, type Program, store } from './place.ts';
import { Upstream } from './upstream.ts';

const value = 'tok-0123456789-nobody-may-see';
let upstream: Upstream;
let other: Upstream;
let server: TestServer;
let ada: Visitor;

beforeAll(async () => {
  [upstream, other] = [await Upstream.start(), await Upstream.start()];
  server = await openTestServer({}, undefined, { trustedCa: `${upstream.ca}\n${other.ca}` });
  ada = await server.signIn('ada');
});
afterEach(async () => {
  upstream.answer = (_, response) => void response.end('hello');
  upstream.seen.length = 0;
  for (const { name } of await server.services.secrets.list()) await server.services.secrets.remove(name, 'test');
});
afterAll(async () => {
  await server.close();
  await upstream.close();
  await other.close();
});

const set = (
  more: { name?: string; path?: string; use?: SecretUse; methods?: SecretMethod[]; value?: string } = {},
) => {
  const { name = 'forge', path = '/', use = { kind: 'bearer' }, methods = null } = more;
  return store(server, ada, { name, url: `${upstream.url}${path}`, use, value: more.value ?? value, methods });
};
const usesOf = async (program: Program) =>
  (await eventsOf(server, program.sessionId)).flatMap((event) =>
    event.type === 'credential.used' ? [event.payload] : [],
  );

/** As it is written, without a client that tidies it. */
const askRaw = (program: Program, path: string, headers: Record<string, string> = {}, method = 'GET') =>
  new Promise<{ status: number; text: string; location: string | undefined }>((resolve, reject) => {
    const { hostname, port } = new URL(program.url);
    const call = requestHttp({
      hostname,
      port,
      path,
      method,
      headers: { 'x-omnigent-token': program.token, ...headers },
    });
    call.on('error', reject);
    call.on('response', (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => {
        text += chunk.toString('utf8');
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text, location: answer.headers.location }));
      answer.on('error', reject);
    });
    call.end();
  });

it('[CRD5] the credential is put in on the way, in each form, in place of whatever the program sends', async () => {
  const program = await admit(server, ada);
  const forms: [SecretUse, string, string][] = [
    [{ kind: 'bearer' }, 'authorization', `Bearer ${value}`],
    [{ kind: 'basic', user: 'bot' }, 'authorization', `Basic ${Buffer.from(`bot:${value}`).toString('base64')}`],
    [{ kind: 'header', header: 'X-Api-Key' }, 'x-api-key', value],
    [{ kind: 'npm' }, 'authorization', `Bearer ${value}`],
  ];
  for (const [use, name, expected] of forms) {
    upstream.seen.length = 0;
    await set({ use });
    const headers = {
      ...{
        authorization: 'Bearer other',
        cookie: 'a=b',
        'x-forwarded-for': '1.2.3.4',
        'x-http-method-override': 'DELETE',
      },
      ...{ 'x-kept': 'yes', range: 'bytes=0-4', origin: 'https://example.com' },
    };
    const answered = await ask(program, '/forge/some/path?q=1%202', { method: 'POST', body: 'text', headers });
    expect([answered.status, await answered.text()]).toEqual([200, 'hello']);
    const [seen] = upstream.seen;
    expect(seen).toMatchObject({
      method: 'POST',
      url: '/some/path?q=1%202',
      headers: { 'x-kept': 'yes', [name]: expected },
    });
    expect(seen?.headers.host).toBe(new URL(upstream.url).host);
    const names = Object.keys(seen?.headers ?? {});
    expect(names.filter((each) => /omnigent|cookie|forwarded|override|range|origin/.test(each))).toEqual([]);
    expect(JSON.stringify(seen?.headers)).not.toMatch(/agk_|rnk_|other/);
  }
});

it('[CRD6] only paths below the prefix, in a spelling that is read in one way, and only allowed methods', async () => {
  const program = await admit(server, ada);
  await set({ path: '/team/', methods: ['GET'] });
  await set({ name: 'one', path: '/team/app.git' });
  const below = [
    '/forge/team/x',
    '/forge/team/a%2fb',
    '/forge/team/@scope%2fname',
    '/one/team/app.git',
    '/one/team/app.git/info',
  ];
  for (const path of below) expect((await askRaw(program, `/_credential${path}`)).status, path).toBe(200);
  upstream.seen.length = 0;
  const outside = [
    ...['/forge/', '/forge', '/forge/other', '/forge/teammate/x', '/forge/team', '/one/team/app.git-evil', '/one/team'],
    ...['/forge/team/../other', '/forge/team/%2e%2e/other', '/forge/team/..%2fother', '/forge/team/%2e%2e%2fother'],
    ...[
      '/forge/team/%252e%252e%252fother',
      '/forge/team/..;/other',
      '/forge/team/..\\other',
      '/forge/team/%5c..%5cother',
    ],
    ...[
      '/forge//team/x',
      '/forge/team/%00',
      '/forge/team/%zz',
      '/forge%2fteam/x',
      '/forge/%74eam/x',
      '/../v1/messages',
    ],
  ];
  for (const path of outside) {
    const { status } = await askRaw(program, `/_credential${path}`);
    expect([400, 403, 404], `${path} ${status}`).toContain(status);
  }
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']) {
    const { status, text } = await askRaw(program, '/_credential/forge/team/x', {}, method);
    expect([status, text], method).toEqual([403, expect.stringContaining(`forge is not for ${method}, but for GET`)]);
  }
  for (const method of ['OPTIONS', 'TRACE']) {
    expect((await askRaw(program, '/_credential/one/team/app.git', {}, method)).status).toBe(403);
  }
  expect(upstream.seen).toEqual([]);
});

it('[CRD7] a redirect is not followed: within the route it leads back to it, elsewhere it is passed on', async () => {
  const program = await admit(server, ada);
  await set({ path: '/team/' });
  const leads: [string, string][] = [
    ['/team/b?x=1', '/_credential/forge/team/b?x=1'],
    ['c', '/_credential/forge/team/c'],
    [`${upstream.url}/team/d`, '/_credential/forge/team/d'],
    [`${upstream.url}/sign-in`, `${upstream.url}/sign-in`],
    ['/sign-in', `${upstream.url}/sign-in`],
    [`${other.url}/team/e`, `${other.url}/team/e`],
  ];
  for (const [location, expected] of leads) {
    upstream.answer = (_, response) => void response.writeHead(302, { location }).end();
    const answered = await ask(program, '/forge/team/a');
    expect([answered.status, answered.headers.get('location')], location).toEqual([302, expected]);
  }
  expect(other.seen).toEqual([]);
});

it('[CRD8] what would prove anybody to the upstream does not come back with the answer', async () => {
  const program = await admit(server, ada);
  await set({ use: { kind: 'basic', user: 'bot' } });
  upstream.answer = (_, response) =>
    void response.writeHead(200, { 'set-cookie': 'session=1', 'x-kept': 'yes', 'alt-svc': 'h3' }).end('ok');
  const answered = await ask(program, '/forge/x');
  expect(answered.headers.get('x-kept')).toBe('yes');
  for (const name of ['set-cookie', 'alt-svc', 'www-authenticate']) expect(answered.headers.get(name)).toBeNull();
  const basic = Buffer.from(`bot:${value}`).toString('base64');
  const echoes: Record<string, (response: ServerResponse) => void> = {
    header: (response) => void response.writeHead(200, { 'x-you-sent': `Basic ${basic}` }).end('ok'),
    location: (response) => void response.writeHead(302, { location: `https://example.com/?t=${value}` }).end(),
    body: (response) => void response.end(`you sent ${value}`),
    base64: (response) => void response.end(`you sent ${basic}`),
    'over pieces': (response) => {
      response.write(`you sent ${value.slice(0, 9)}`);
      setTimeout(() => response.end(value.slice(9)), 50);
    },
    'after much': (response) => {
      response.write('x'.repeat(3_000_000));
      response.end(value);
    },
  };
  for (const [how, echo] of Object.entries(echoes)) {
    upstream.answer = (_, response) => echo(response);
    const told = await ask(program, '/forge/x')
      .then(
        async (response) =>
          `${response.headers.get('x-you-sent')}${response.headers.get('location')}${await response.text()}`,
        String,
      )
      .catch(String);
    for (const form of [value, basic]) expect(told.includes(form), how).toBe(false);
    if (how === 'header' || how === 'body') expect(told, how).toContain('sent the credential back');
  }
  upstream.answer = (_, response) => void response.end(value.slice(0, 12));
  expect(await (await ask(program, '/forge/x')).text()).toBe(value.slice(0, 12));
});

it('[CRD9] a use is in the session’s log before it leaves: once for each agent, turn and secret, reading and writing; all are counted', async () => {
  const turn = newId('turn', { now: () => Date.now(), random });
  const program = await admit(server, ada, { turn });
  const shell = { ...program, ...program.port.admit('shell', () => null) };
  await set({ name: 'counted' });
  for (let n = 0; n < 3; n++) await (await ask(program, '/counted/x')).text();
  await (await ask(program, '/counted/x', { method: 'POST', body: 'x' })).text();
  await (await ask(shell, '/counted/x')).text();
  const host = new URL(upstream.url).host;
  expect(await usesOf(program)).toEqual([
    { name: 'counted', host, agent: 'coder', method: 'GET', turnId: turn },
    { name: 'counted', host, agent: 'coder', method: 'POST', turnId: turn },
    { name: 'counted', host, agent: 'shell', method: 'GET', turnId: null },
  ]);
  const facts = async () => (await server.services.secrets.list())[0];
  await expect.poll(async () => (await facts())?.useCount, { timeout: 5_000 }).toBe(5);
  expect(Date.parse((await facts())?.lastUsedAt ?? '')).toBeGreaterThan(Date.now() - 60_000);
});

it('[CRD10] a missing, removed or unreadable secret, a wrong one and an upstream that is away are refused in words that say what to do', async () => {
  const program = await admit(server, ada);
  const told = async (path: string, headers: Record<string, string> = {}) => {
    const answered = await ask(program, path, { headers });
    return [answered.status, answered.headers.get('content-type'), await answered.text()];
  };
  const text = 'text/plain; charset=utf-8';
  expect(await told('/forge/x')).toEqual([
    404,
    text,
    expect.stringMatching(/^no credential is called forge: .*settings/),
  ]);
  await set();
  upstream.answer = (_, response) => void response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
  const refusal = /does not take the credential forge: an owner replaces it/;
  expect(await told('/forge/x')).toEqual([403, text, expect.stringMatching(refusal)]);
  const json = { accept: 'application/json' };
  expect(await told('/forge/x', json)).toEqual([403, 'application/json', expect.stringMatching(refusal)]);
  await store(server, ada, { name: 'away', url: 'https://localhost:9', use: { kind: 'bearer' }, value });
  expect(await told('/away/x')).toEqual([502, text, 'localhost:9 cannot be reached: ECONNREFUSED\n']);
  await callApi(server, ada, 'secret.remove', { name: 'forge' });
  expect((await told('/forge/x'))[0]).toBe(404);
});

it('[CRD11] only a linked runner asks, and only for its own programs', async () => {
  const program = await admit(server, ada);
  await set();
  const wrong = { ...program, token: `agk_${randomBytes(32).toString('base64url')}` };
  expect((await ask(wrong, '/forge/x')).status).toBe(401);
  expect((await ask({ ...program, token: `${wrong.token}.forge` }, '/forge/x')).status).toBe(401);
  for (const authorization of [`Bearer ${program.token}`, `Bearer ${await server.token('ada')}`]) {
    const headers = { authorization, 'x-omnigent-agent': 'coder' };
    for (const path of ['/gateway/credentials', '/gateway/credentials/forge/x']) {
      expect((await server.request(path, { headers })).status, path).toBe(403);
    }
  }
  expect((await server.request('/gateway/credentials/forge/x', { headers: { cookie: ada.cookie } })).status).toBe(401);
  expect(upstream.seen).toEqual([]);
  expect(await program.credentialRoutes()).toEqual([
    { name: 'forge', origin: upstream.url, pathPrefix: '/', use: 'bearer' },
  ]);
});

it('[CRD13] no answer, log line or row of the database holds a value in clear, nor does anything that a program is told', async () => {
  const program = await admit(server, ada);
  await set({ use: { kind: 'basic', user: 'bot' } });
  const told = [
    (await callApi(server, ada, 'secret.list')).text,
    (await callApi(server, ada, 'secret.set', { name: 'Bad Name', value, url: 'ftp://x', use: { kind: 'bearer' } }))
      .text,
    (
      await callApi(server, ada, 'secret.set', {
        name: 'x',
        value: `${value}\n`,
        url: upstream.url,
        use: { kind: 'bearer' },
      })
    ).text,
    await (await ask(program, '/forge/x')).text(),
    JSON.stringify(await program.credentialRoutes()),
    JSON.stringify(await eventsOf(server, program.sessionId)),
    await dumpOf(server),
    ...server.lines,
    ...program.lines,
  ].join('\n');
  expect(told).toContain('sealed_value');
  for (const secret of [value, `bot:${value}`]) {
    for (const form of ['utf8', 'base64', 'hex'] as const) {
      expect(told).not.toContain(Buffer.from(secret).toString(form).replace(/=+$/, ''));
    }
  }
});

it('[CRD23] while a session stands still nothing of it leaves with a credential; afterwards it goes on', async () => {
  const program = await admit(server, ada);
  await set();
  const person = await server.services.auth.personNamed('ada');
  await server.services.lifecycle.pause(program.sessionId, person);
  const asked = ask(program, '/forge/x');
  await (await fetch(`${server.url}/healthz`)).text();
  expect(upstream.seen).toEqual([]);
  expect(await usesOf(program)).toEqual([]);
  await server.services.lifecycle.resume(program.sessionId, person);
  expect(await (await asked).text()).toBe('hello');
});
