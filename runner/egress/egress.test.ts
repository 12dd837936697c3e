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
      error: expect.stringMatching(/^refused by workspace\.allow_network_access: switched off; set workspace\./),
      ...{ type: 'egress_refused', rule: 'workspace.allow_network_access', reason: 'switched off' },
      advice: 'set workspace.allow_network_access to true in the workspace file',
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
