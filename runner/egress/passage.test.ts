/** What passes once a connection is there: plain requests one by one, and bytes both ways. */
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectTo, deny, get, heard, openStage, publicIp, type Stage } from './testing-stage.ts';

let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

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
