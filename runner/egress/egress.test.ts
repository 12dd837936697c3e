/** The proxy over real sockets; hosts behind it are on this machine, names and what is said of them are the test's. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { egressEnvironment } from './index.ts';
import { allow, connectTo, deny, get, heard, openStage, publicIp, type Stage } from './testing-stage.ts';
import type { EgressVerdict } from './verdict.ts';

let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

const auth = (text: string) => `Proxy-Authorization: Basic ${Buffer.from(text).toString('base64')}`;

describe('verdicts', () => {
  it('[EGR1] nothing is looked up, dialled or answered before an allow', async () => {
    let settle = (_: EgressVerdict): void => undefined;
    stage.judge = () =>
      new Promise((resolve) => {
        settle = resolve;
      });
    const client = stage.open(connectTo('example.org:443'));
    const answer = heard(client, (text) => text.includes('\r\n\r\n'));
    await expect.poll(() => stage.asked).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([stage.lookedUp, stage.dialled, client.bytesRead]).toEqual([[], [], 0]);
    settle(allow);
    expect(await answer).toMatch(/^HTTP\/1\.1 200 /);
    expect([stage.lookedUp, stage.dialled]).toEqual([['example.org'], [`${publicIp} 443`]]);
  });

  it.each([
    ['a plain request', get('http://example.org/a')],
    ['CONNECT', connectTo('example.org:443')],
  ])('[EGR1] %s is refused with the rule, the reason and what to do', async (_, text) => {
    stage.judge = async () => ({ ...deny, rule: 'workspace.allow_network_access', reason: 'switched off' });
    const { status, headers, body } = await stage.say(text);
    expect(status).toBe(403);
    expect(headers['x-omnigent-refused']).toBe(
      'workspace.allow_network_access; set workspace.allow_network_access to true in the workspace file',
    );
    expect(JSON.parse(body)).toEqual({
      error: {
        type: 'egress_refused',
        rule: 'workspace.allow_network_access',
        message: 'refused by workspace.allow_network_access: switched off',
        advice: 'set workspace.allow_network_access to true in the workspace file',
      },
    });
    expect([stage.lookedUp, stage.dialled]).toEqual([[], []]);
  });

  it('[EGR8] who shows the token of an agent is that agent; anybody else is the shell', async () => {
    await stage.say(get('http://example.org/', [auth('agk:agk_1')]));
    await stage.say(get('http://example.org/', [auth('agk_1:')]));
    await stage.say(get('http://example.org/', ['Proxy-Authorization: Bearer agk_1']));
    await stage.say(get('http://example.org/', [auth('agk:agk_2')]));
    await stage.say(get('http://example.org/', ['Proxy-Authorization: Basic %%%']));
    await stage.say(get('http://example.org/'));
    expect(stage.asked.map(({ agent }) => agent)).toEqual(['coder', 'coder', 'coder', 'shell', 'shell', 'shell']);
    expect(stage.seen.every(({ headers }) => headers['proxy-authorization'] === undefined)).toBe(true);
    expect(egressEnvironment('http://127.0.0.1:4180', 'agk_1')).toMatchObject({
      ...{ HTTPS_PROXY: 'http://agk:agk_1@127.0.0.1:4180', https_proxy: 'http://agk:agk_1@127.0.0.1:4180' },
      no_proxy: 'localhost,127.0.0.1,::1',
    });
  });

  it('[EGR13] a client that leaves while it is held withdraws its question, by closing one half or all', async () => {
    const withdrawn: boolean[] = [];
    stage.judge = (_, signal) =>
      new Promise((resolve) =>
        signal.addEventListener('abort', () => {
          withdrawn.push(true);
          resolve(deny);
        }),
      );
    const held = ['a', 'b'].map((name) => stage.open(connectTo(`${name}.example.org:443`)));
    const plain = stage.open(get('http://c.example.org/'));
    await expect.poll(() => stage.asked).toHaveLength(3);
    held[0]?.end();
    held[1]?.destroy();
    plain.resetAndDestroy();
    await expect.poll(() => withdrawn).toHaveLength(3);
    expect(stage.lookedUp).toEqual([]);
  });
});

describe('rules that change', () => {
  it('[EGR9] what may not be allowed any more ends connections that are open, and none that waits for a verdict', async () => {
    const open = stage.open(connectTo('example.org:7777'));
    await heard(open, (text) => text.includes('\r\n\r\n'));
    stage.judge = () => new Promise(() => undefined);
    const waiting = stage.open(connectTo('other.example.org:443'));
    await expect.poll(() => stage.asked).toHaveLength(2);
    const over = once(open, 'end');
    stage.kept.forget();
    open.write('still there');
    expect(await heard(open, (text) => text === 'still there')).toBe('still there');
    stage.kept.takeBack();
    await over;
    expect(waiting.readableEnded).toBe(false);
  });

  it('[EGR9] a connection on its way when rules change is not made', async () => {
    let connected = (): void => undefined;
    await stage.close();
    stage = await openStage({
      resolve: () =>
        new Promise((resolve) => {
          connected = () => resolve([publicIp]);
        }),
    });
    const answer = stage.say(connectTo('example.org:443'));
    await expect.poll(() => stage.asked).toHaveLength(1);
    stage.kept.takeBack();
    connected();
    expect(await answer).toMatchObject({
      status: 403,
      body: expect.stringContaining('the rules have changed meanwhile'),
    });
  });
});

describe('programs', () => {
  const git = (url: string) =>
    promisify(execFile)('git', ['ls-remote', url], {
      env: {
        ...{ PATH: process.env.PATH, HOME: '/', GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_NOSYSTEM: '1' },
        ...egressEnvironment(`http://127.0.0.1:${stage.port}`, 'agk_1'),
      } as unknown as NodeJS.ProcessEnv,
    }).then(
      () => '',
      (cause: { stderr: string }) => cause.stderr,
    );

  it('[EGR8] git finds the proxy by its variables, with the token of its agent, for plain and encrypted addresses', async () => {
    stage.answer = (_, response) => void response.writeHead(404).end();
    expect(await git('http://example.org/a.git')).toContain('not found');
    expect(stage.seen.map(({ url }) => url)).toEqual(['/a.git/info/refs?service=git-upload-pack']);
    stage.judge = async () => deny;
    expect(await git('https://example.org/a.git')).toContain('403');
    expect(stage.asked).toMatchObject([
      { agent: 'coder', request: { method: 'GET' } },
      { agent: 'coder', host: 'example.org', port: 443, request: { method: 'CONNECT', url: 'https://example.org/' } },
    ]);
  });
});

describe('targets', () => {
  it.each([
    'CONNECT example.org HTTP/1.1',
    'CONNECT example.org:0 HTTP/1.1',
    'CONNECT example.org:99999 HTTP/1.1',
    'CONNECT user:word@example.org:443 HTTP/1.1',
    'CONNECT example.org%00.evil.org:443 HTTP/1.1',
    'CONNECT exa_mple..org:443 HTTP/1.1',
    'CONNECT .example.org:443 HTTP/1.1',
    'CONNECT [::1:443 HTTP/1.1',
    'CONNECT [fe80::1%25eth0]:443 HTTP/1.1',
    'CONNECT 1.2.3.4.5:443 HTTP/1.1',
    'CONNECT ex\u00e4mple.org:443 HTTP/1.1',
    'GET http://user:word@example.org/ HTTP/1.1',
    'GET http://example.org\\@10.0.0.1/ HTTP/1.1',
    'GET http://example.org#@10.0.0.1/ HTTP/1.1',
    'GET https://example.org/ HTTP/1.1',
    'GET ftp://example.org/ HTTP/1.1',
    'GET http:///etc/passwd HTTP/1.1',
  ])('[EGR2] what is not read by everybody alike is refused and not asked about: %s', async (line) => {
    const { status } = await stage.say(`${line}\r\nHost: example.org\r\nConnection: close\r\n\r\n`);
    expect([400, 403]).toContain(status);
    expect([stage.asked, stage.lookedUp, stage.dialled]).toEqual([[], [], []]);
  });

  it('[EGR2] a host is judged, looked up and dialled in one spelling', async () => {
    await stage.say(get('http://EXAMPLE.org./a/../b?c=%2e'));
    expect(stage.asked).toMatchObject([
      { host: 'example.org', port: 80, request: { method: 'GET', url: 'http://example.org/b?c=%2e' } },
    ]);
    expect([stage.lookedUp, stage.seen.map(({ url }) => url)]).toEqual([['example.org'], ['/b?c=%2e']]);
  });

  it('[EGR2] what is no request for a proxy is left to the server', async () => {
    expect(await stage.say(get('/v1/messages'))).toMatchObject({
      status: 404,
      body: expect.stringContaining('agent port'),
    });
    expect(stage.asked).toEqual([]);
  });
});

describe('addresses', () => {
  const privateOnes = [
    ...['127.0.0.1', '0.0.0.0', '10.0.0.1', '172.16.3.4', '192.168.1.1', '169.254.169.254', '100.64.0.1', '224.0.0.1'],
    ...[
      '::1',
      '::',
      '::ffff:127.0.0.1',
      '::ffff:a00:1',
      '64:ff9b::7f00:1',
      '2002:7f00:1::',
      'fc00::1',
      'fe80::1%eth0',
      'ff02::1',
    ],
    ...['2001:db8::1', '168.63.129.16', 'localhost', '127.1', ''],
  ];

  it.each(privateOnes)('[EGR3] a name that also stands for %s is refused, whatever is said of it', async (address) => {
    stage.names['example.org'] = [[publicIp, address]];
    expect(await stage.say(connectTo('example.org:443'))).toMatchObject({ status: 403 });
    expect(await stage.say(get('http://example.org/'))).toMatchObject({ status: 403 });
    expect(stage.dialled).toEqual([]);
    // The addresses are told to whoever judges, so that it stands in the log.
    expect(stage.asked.map(({ request: { addresses } }) => addresses)).toEqual([
      ...[undefined, [publicIp, address].sort()],
      ...[undefined, [publicIp, address].sort()],
    ]);
  });

  it('[EGR3] a name that stands for another address each time is looked up once for each connection, and never dialled by name', async () => {
    stage.names['example.org'] = [[publicIp], ['127.0.0.1'], [publicIp], ['127.0.0.1']];
    const answers = [await stage.say(get('http://example.org/')), await stage.say(get('http://example.org/'))];
    expect(answers.map(({ status }) => status)).toEqual([200, 403]);
    expect([stage.lookedUp.length, stage.dialled]).toEqual([2, [`${publicIp} 80`]]);
  });

  it.each([...['2130706433', '0x7f.1', '0177.0.0.1', '127.1', '0', '[::1]', '[::ffff:7f00:1]', '[64:ff9b::a00:1]']])(
    '[EGR4] %s is the address that it stands for, and is not looked up',
    async (host) => {
      expect(await stage.say(connectTo(`${host}:443`))).toMatchObject({ status: 403 });
      expect(await stage.say(get(`http://${host}/`))).toMatchObject({ status: 403 });
      expect([stage.lookedUp, stage.dialled]).toEqual([[], []]);
    },
  );

  it('[EGR4] a public address is dialled as it is', async () => {
    await stage.say(get('http://134744072/'));
    await stage.say(get('http://[2606:4700::1111]/'));
    expect([stage.lookedUp, stage.dialled]).toEqual([[], ['8.8.8.8 80', '2606:4700::1111 80']]);
  });

  it('[EGR3] an address of the machine itself is not reached, public or not', async () => {
    await stage.close();
    stage = await openStage({ own: () => new Set([publicIp]) });
    expect(await stage.say(get('http://example.org/'))).toMatchObject({
      ...{ status: 403, body: expect.stringContaining('example.org stands for this machine') },
    });
    expect(stage.dialled).toEqual([]);
  });

  it('[EGR3] a name that cannot be found, and a host that does not answer, are a 502 that says so', async () => {
    expect(await stage.say(get('http://missing.example.org/'))).toMatchObject({
      ...{ status: 502, body: expect.stringContaining('missing.example.org cannot be looked up: ENOTFOUND') },
    });
    await stage.close();
    stage = await openStage({ dial: () => Promise.reject(Object.assign(new Error('no'), { code: 'ECONNREFUSED' })) });
    stage.names['example.org'] = [['1.1.1.1', '1.1.1.2']];
    expect(await stage.say(connectTo('example.org:443'))).toMatchObject({
      ...{ status: 502, body: expect.stringContaining('example.org:443 cannot be reached at 1.1.1.2: ECONNREFUSED') },
    });
  });
});

describe('plain requests', () => {
  it('[EGR5] the host gets the request and nothing that is meant for proxies, and its answer comes back', async () => {
    stage.answer = (_, response) =>
      void response.writeHead(201, { 'x-a': ['1', '2'], 'keep-alive': 'timeout=5' }).end('made');
    const more = [
      ...[
        'Connection: x-hop, close',
        'X-Hop: 1',
        'X-Omnigent-Agent: other',
        'TE: trailers',
        'Authorization: Bearer own',
      ],
      ...['Cookie: a=1', 'Cookie: b=2', 'Content-Length: 4'],
    ];
    const { status, headers, body } = await stage.say(get('http://example.org/a', more, 'POST', 'body'));
    expect([status, headers['x-a'], headers['keep-alive']]).toEqual([201, '2', undefined]);
    expect(body).toContain('made');
    const [seen] = stage.seen;
    expect(seen).toMatchObject({ method: 'POST', url: '/a', headers: { host: 'example.org', cookie: 'a=1; b=2' } });
    expect(Object.keys(seen?.headers ?? {}).sort()).toEqual([
      'authorization',
      'connection',
      'content-length',
      'cookie',
      'host',
    ]);
  });

  it('[EGR5] the host that is asked for is the one that was judged, whatever the header says', async () => {
    await stage.say('GET http://example.org/ HTTP/1.1\r\nHost: internal.example.net\r\nConnection: close\r\n\r\n');
    expect(stage.asked).toMatchObject([{ request: { headers: { host: ['internal.example.net'] } } }]);
    expect(stage.seen.map(({ headers: { host } }) => host)).toEqual(['example.org']);
  });

  it('[EGR5] what stands in a body never becomes a request of its own', async () => {
    const inner = 'POST /evil HTTP/1.1\r\nHost: example.org\r\nContent-Length: 0\r\n\r\n';
    const chunked = `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`;
    const bodies: string[] = [];
    stage.answer = (request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => bodies.push(text));
      request.on('end', () => response.end('ok'));
    };
    const frames = [['Transfer-Encoding: chunked'], ['Transfer-Encoding: chunked', 'Content-Length: 5']];
    for (const frame of frames) await stage.say(get('http://example.org/', frame, 'GET', chunked));
    await stage.say(get('http://example.org/', [`Content-Length: ${inner.length}`], 'GET', inner));
    expect(stage.seen.map(({ method, url }) => `${method} ${url}`)).not.toContain('POST /evil');
    expect(bodies).toEqual([inner, inner]);
  });

  it('[EGR5] a header that names the length of the body for one hop alone takes no frame from it', async () => {
    const inner = 'POST /evil HTTP/1.1\r\nHost: example.org\r\nContent-Length: 0\r\n\r\n';
    const more = ['Connection: content-length, host, cookie', 'Cookie: a=1', `Content-Length: ${inner.length}`];
    await stage.say(get('http://example.org/', more, 'GET', inner));
    expect(stage.seen.map(({ method, url, headers: { host, cookie } }) => [method, url, host, cookie])).toEqual([
      ['GET', '/', 'example.org', undefined],
    ]);
  });

  it('[EGR5] an answer without a body says how long it would be', async () => {
    stage.answer = (_, response) => void response.writeHead(200, { 'content-length': '12345' }).end();
    expect(await stage.say(get('http://example.org/', [], 'HEAD'))).toMatchObject({
      ...{ status: 200, headers: { 'content-length': '12345' }, body: '' },
    });
  });

  it('[EGR5] a redirect is an answer, and where it leads is judged when somebody asks for it', async () => {
    stage.answer = (_, response) => void response.writeHead(302, { location: 'http://10.0.0.1/admin' }).end();
    expect(await stage.say(get('http://example.org/'))).toMatchObject({
      ...{ status: 302, headers: { location: 'http://10.0.0.1/admin' } },
    });
    expect(await stage.say(get('http://10.0.0.1/admin'))).toMatchObject({ status: 403 });
    expect(stage.dialled).toEqual([`${publicIp} 80`]);
  });

  it('[EGR5] a host that ends without an answer, or says something else, is a 502', async () => {
    stage.answer = (request) => request.socket.destroy();
    expect(await stage.say(get('http://example.org/'))).toMatchObject({ status: 502 });
    stage.answer = ({ socket }) => void socket.end('no such protocol\r\n\r\n');
    expect(await stage.say(get('http://example.org/'))).toMatchObject({ status: 502 });
  });
});

describe('encrypted connections', () => {
  it('[EGR6] bytes pass both ways, those too that came too early, and one half can end before the other', async () => {
    const client = stage.open(`${connectTo('example.org:7777')}early `);
    await heard(client, (text) => text.endsWith('\r\n\r\nearly '));
    client.end('and last');
    expect(await heard(client, (text) => text === 'and last')).toBe('and last');
    await once(client, 'end');
    stage.egress.close();
    expect(stage.counted).toEqual([
      {
        ...{ agent: 'shell', turnId: null },
        hosts: [{ host: 'example.org', port: 7777, allowed: 1, failed: 0, refused: 0, sent: 14, received: 14 }],
      },
    ]);
  });

  it('[EGR6] garbage behind a CONNECT that is refused changes nothing', async () => {
    stage.judge = async () => deny;
    const garbage = '\u0000\u0001GET http://example.org/ HTTP/1.1\r\n\r\n'.repeat(5_000);
    expect(await stage.say(connectTo('example.org:443') + garbage)).toMatchObject({ status: 403 });
    expect([stage.asked.length, stage.dialled]).toEqual([1, []]);
  });

  it('[EGR6] a connection on which nothing passes ends, and ends with the proxy', async () => {
    await stage.close();
    stage = await openStage({ idleMs: 50 });
    const idle = stage.open(connectTo('example.org:7777'));
    await heard(idle, (text) => text.includes('\r\n\r\n'));
    await once(idle, 'end');
    await stage.close();
    stage = await openStage();
    const open = stage.open(connectTo('example.org:7777'));
    await heard(open, (text) => text.includes('\r\n\r\n'));
    const closed = once(open, 'end');
    stage.egress.close();
    await closed;
  });
});
