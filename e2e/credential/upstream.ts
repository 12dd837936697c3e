/** Upstreams of credential routes, for tests: https on loopback with a certificate made for the run. Git repositories, and whatever a test answers. */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** What an upstream was sent. */
export interface Seen {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export class Upstream {
  /** `https://localhost:<port>`. */
  readonly url: string;
  /** The certificate that vouches for it, PEM. */
  readonly ca: string;
  readonly folder: string;
  readonly seen: Seen[] = [];
  answer: Answer = (_, response) => void response.end('hello');
  readonly #server: Server;

  private constructor(server: Server, ca: string, folder: string) {
    this.#server = server;
    this.ca = ca;
    this.folder = folder;
    this.url = `https://localhost:${(server.address() as AddressInfo).port}`;
    server.on('request', (request, response) => {
      const { method = '', url = '', headers } = request;
      this.seen.push({ method, url, headers });
      this.answer(request, response);
    });
  }

  static async start(): Promise<Upstream> {
    const folder = await mkdtemp(join(tmpdir(), 'omnigent-upstream-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    await execute('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...[
        '-keyout',
        key,
        '-out',
        cert,
        '-subj',
        '/CN=localhost',
        '-addext',
        'subjectAltName=DNS:localhost,IP:127.0.0.1',
      ],
    ]);
    const ca = await readFile(cert, 'utf8');
    const server = createServer({ key: await readFile(key), cert: ca });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Upstream(server, ca, folder);
  }

  /** Serves the repositories below `root` to whoever signs in so, as git servers do. */
  serveGit(root: string, authorization: string): void {
    this.answer = (request, response) => {
      if (request.headers.authorization === authorization) return gitBackend(root, request, response);
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end('who are you?');
    };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** One request by git's own CGI program (git-http-backend). */
function gitBackend(root: string, request: IncomingMessage, response: ServerResponse): void {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  const { headers } = request;
  const child = spawn('git', ['http-backend'], {
    stdio: 'pipe',
    env: {
      ...{
        NODE_ENV: 'test',
        PATH: process.env.PATH,
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: '1',
        GIT_CONFIG_NOSYSTEM: '1',
        HOME: root,
      },
      ...{ GIT_CONFIG_COUNT: '2', GIT_CONFIG_KEY_0: 'http.receivepack', GIT_CONFIG_VALUE_0: 'true' },
      ...{ GIT_CONFIG_KEY_1: 'safe.directory', GIT_CONFIG_VALUE_1: '*' },
      ...{ PATH_INFO: path, QUERY_STRING: query, REQUEST_METHOD: request.method, REMOTE_USER: 'bot' },
      ...{ CONTENT_TYPE: headers['content-type'] ?? '', HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '' },
      ...{ GIT_PROTOCOL: String(headers['git-protocol'] ?? ''), REMOTE_ADDR: '127.0.0.1' },
      ...(headers['content-length'] !== undefined && { CONTENT_LENGTH: headers['content-length'] }),
    },
  });
  child.stdin.on('error', () => undefined);
  request.pipe(child.stdin);
  let head: Buffer = Buffer.alloc(0);
  child.stdout.on('data', (chunk: Buffer) => {
    if (response.headersSent) return void response.write(chunk);
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    const lines = head
      .subarray(0, end)
      .toString('latin1')
      .split('\r\n')
      .map((line) => line.split(': ', 2));
    const status = Number(lines.find(([name]) => name === 'Status')?.[1]?.slice(0, 3) ?? 200);
    response.writeHead(status, Object.fromEntries(lines.filter(([name]) => name !== 'Status')));
    response.write(head.subarray(end + 4));
  });
  child.stdout.on('end', () => response.end());
}
