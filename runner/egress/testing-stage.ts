/** For tests: a proxy on a server of its own, hosts behind it on this machine, and clients that say what they like. */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { type AddressInfo, connect, createServer as listen, type Server as NetServer, type Socket } from 'node:net';
import type { EventPayload } from '#protocol/event.ts';
import { createEgress, type Egress, type EgressOptions, KeptVerdicts, serverLimits } from './index.ts';
import type { EgressJudge, EgressRequest, EgressVerdict } from './verdict.ts';

export const allow: EgressVerdict = { verdict: 'allow', rule: 'rules[0]', reason: '', keep: null };
export const deny: EgressVerdict = { verdict: 'deny', rule: 'rules[1]', reason: 'not there', keep: null };

export const publicIp = '93.184.216.34';

/** What a client got, whole. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export interface Stage {
  port: number;
  egress: Egress;
  kept: KeptVerdicts;
  /** What was asked about, in order. */
  asked: EgressRequest[];
  /** Names that were looked up, and addresses that were dialled. */
  lookedUp: string[];
  dialled: string[];
  counted: EventPayload<'egress.counted'>[];
  /** What names stand for; another one each time where there are several answers. A name that is not in it cannot be found. */
  names: Record<string, string[][]>;
  /** What requests reached the web host, and what it answers. */
  seen: IncomingMessage[];
  answer: RequestListener;
  /** What is said of a request. */
  judge: EgressJudge;
  /** Everything that a client gets which sends `text`, until it is ended. */
  say(text: string): Promise<Answer>;
  /** A client that has sent `text`. */
  open(text: string): Socket;
  close(): Promise<void>;
}

const started = async (server: Server | NetServer): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

const parse = (text: string): Answer => {
  const [head = '', ...body] = text.split('\r\n\r\n');
  const [line = '', ...lines] = head.split('\r\n');
  const headers = lines
    .map((each) => each.split(/: (.*)/s, 2))
    .map(([name = '', value = '']) => [name.toLowerCase(), value]);
  return { status: Number(line.split(' ')[1]), headers: Object.fromEntries(headers), body: body.join('\r\n\r\n') };
};

/** Public addresses lead to the web host at ports of the web, and to one that repeats what it hears at 7777. */
export async function openStage(options: Partial<EgressOptions> = {}, limits: ServerOptions = {}): Promise<Stage> {
  const web = createServer((request, response) => {
    stage.seen.push(request);
    stage.answer(request, response);
  });
  const echo = listen({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
  const [webPort, echoPort] = [await started(web), await started(echo)];
  const kept = new KeptVerdicts();
  const egress = createEgress({
    kept,
    judge: (request, signal) => {
      stage.asked.push(request);
      return stage.judge(request, signal);
    },
    whose: (token) => (token === 'agk_1' ? { agent: 'coder', turnId: null } : { agent: 'shell', turnId: null }),
    state: ({ payload }) => void stage.counted.push(payload),
    resolve: async (host) => {
      stage.lookedUp.push(host);
      const answers = stage.names[host];
      const found = (answers && answers.length > 1 ? answers.shift() : answers?.[0]) ?? null;
      if (found) return found;
      throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
    },
    dial: async (address, port) => {
      stage.dialled.push(`${address} ${port}`);
      const socket = connect({ host: '127.0.0.1', port: port === 7777 ? echoPort : webPort, allowHalfOpen: true });
      await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
      return socket;
    },
    ...options,
  });
  const proxy = createServer({ ...serverLimits, ...limits }, (request, response) => {
    if (!egress.request(request, response)) response.writeHead(404).end('the agent port');
  });
  proxy.on('connect', (request, socket, head) => egress.connect(request, socket, head));
  const clients = new Set<Socket>();
  const open = (text: string): Socket => {
    const socket = connect({ host: '127.0.0.1', port: stage.port, allowHalfOpen: true });
    clients.add(socket);
    socket.on('error', () => socket.destroy());
    socket.write(text);
    return socket;
  };
  const stage: Stage = {
    ...{ port: await started(proxy), egress, kept, asked: [], lookedUp: [], dialled: [], counted: [], seen: [], open },
    names: { 'example.org': [[publicIp]] },
    answer: (_, response) => void response.end('hello'),
    judge: async () => allow,
    async say(text) {
      const socket = open(text);
      let said = '';
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        said += chunk;
      });
      await new Promise((resolve) => socket.once('end', resolve).once('close', resolve));
      socket.destroy();
      return parse(said);
    },
    async close() {
      egress.close();
      for (const client of clients) client.destroy();
      for (const server of [proxy, web]) server.closeAllConnections();
      await Promise.all([proxy, web, echo].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
  return stage;
}

/** A plain request, after which the connection is over. */
export const get = (url: string, more: readonly string[] = [], method = 'GET', body = ''): string =>
  `${[`${method} ${url} HTTP/1.1`, 'Host: example.org', 'Connection: close', ...more].join('\r\n')}\r\n\r\n${body}`;

export const connectTo = (place: string, more: readonly string[] = []): string =>
  `${[`CONNECT ${place} HTTP/1.1`, `Host: ${place}`, ...more].join('\r\n')}\r\n\r\n`;

/** Text that arrives on a connection, until it `isEnough`. */
export function heard(socket: Socket, isEnough: (text: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const onData = (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (!isEnough(text)) return;
      socket.off('data', onData);
      resolve(text);
    };
    socket.on('data', onData);
    socket.once('close', () => reject(new Error(`closed after ${JSON.stringify(text)}`)));
  });
}
