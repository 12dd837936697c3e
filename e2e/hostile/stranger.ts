/** A client with no manners: sends any Host, Origin and header, whole requests or raw bytes, and keeps the answer. */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Sent {
  method: string;
  path: string;
  headers?: Record<string, string>;
  /** A string goes as it is, everything else as JSON. */
  body?: unknown;
}

/** Sends exactly these headers, besides Host and Content-Length where they are not given. */
export function send(origin: string, { method, path, headers = {}, body }: Sent): Promise<Answer> {
  const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${origin}`, { method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      const { statusCode = 0, headers: received } = response;
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('close', () =>
        resolve({ status: statusCode, headers: received, body: Buffer.concat(chunks).toString() }),
      );
    });
    request.on('error', reject);
    request.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: '' });
    });
    request.end(text);
  });
}

/** Headers that ask for a WebSocket. */
export const upgrade = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
} as const;

/** Writes bytes as they are and reads until the server closes. */
export function sendRaw(origin: string, bytes: string): Promise<Answer> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => socket.end(bytes));
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(parseAnswer(text)));
  });
}

function parseAnswer(text: string): Answer {
  const end = text.indexOf('\r\n\r\n');
  const [head, body] = [text.slice(0, end), text.slice(end + 4)];
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.replace(/^[^:]*: */, '')]);
  return { status: Number(statusLine.split(' ')[1] ?? 0), headers: Object.fromEntries(headers), body };
}
