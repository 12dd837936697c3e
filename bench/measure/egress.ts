/** egress.request: what the egress proxy adds to a request on this machine, once its host has a verdict. */
import { createServer, type RequestOptions, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { createEgress, KeptVerdicts, serverLimits } from '#runner/egress/index.ts';
import { median, toResult } from '../result.ts';
import type { Measure } from '../stage.ts';

const listening = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

/** A host with a small answer, and a proxy that takes it for a public one. */
async function openProxy() {
  const web = createServer((_, response) => void response.end('x'.repeat(1_000)));
  const webPort = await listening(web);
  const egress = createEgress({
    kept: new KeptVerdicts(),
    judge: async () => ({ verdict: 'allow', rule: 'rules[0]', reason: '', keep: 'rules' }),
    whose: () => ({ agent: 'coder', turnId: null }),
    state: () => undefined,
    resolve: async () => ['93.184.216.34'],
    dial: (_address, _port, signal) =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: '127.0.0.1', port: webPort, allowHalfOpen: true, noDelay: true, signal });
        socket.once('connect', () => resolve(socket)).once('error', reject);
      }),
  });
  const proxy = createServer(serverLimits, (incoming, response) => void egress.request(incoming, response));
  proxy.on('connect', (incoming, socket, head) => egress.connect(incoming, socket, head));
  const port = await listening(proxy);
  const close = () => {
    egress.close();
    for (const server of [proxy, web]) {
      server.close();
      server.closeAllConnections();
    }
  };
  return { port, webPort, close };
}

/** Ms from the request to the end of its answer, over a connection of its own. */
function timed(asked: RequestOptions): Promise<number> {
  const since = performance.now();
  return new Promise((resolve, reject) => {
    const call = request(asked, (response) => {
      response.resume().once('end', () => resolve(performance.now() - since));
      if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
    });
    call.once('error', reject).end();
  });
}

/** The same through a tunnel, which the time covers. */
function tunnelled(port: number): Promise<number> {
  const since = performance.now();
  return new Promise((resolve, reject) => {
    const call = request({ agent: false, host: '127.0.0.1', port, method: 'CONNECT', path: 'example.org:443' });
    call.once('connect', (_, socket) => {
      timed({ createConnection: () => socket, host: 'example.org', path: '/' }).then(
        () => resolve(performance.now() - since),
        reject,
      );
    });
    call.once('error', reject).end();
  });
}

export const egress: Measure = {
  name: 'egress.request',
  async run(_stage, { runs, isQuick }) {
    const { port, webPort, close } = await openProxy();
    const ways = {
      bare: () => timed({ agent: false, host: '127.0.0.1', port: webPort, path: '/' }),
      plain: () =>
        timed({ agent: false, host: '127.0.0.1', port, path: 'http://example.org/', headers: { host: 'example.org' } }),
      tunnel: () => tunnelled(port),
    };
    const times = { bare: [] as number[], plain: [] as number[], tunnel: [] as number[] };
    try {
      for (let n = -50; n < (runs ?? (isQuick ? 200 : 1_000)); n++) {
        for (const way of ['bare', 'plain', 'tunnel'] as const) {
          const ms = await ways[way]();
          if (n >= 0) times[way].push(ms);
        }
      }
    } finally {
      close();
    }
    const less = (samples: number[]) => samples.map((ms) => ms - median(times.bare));
    const baseline = { name: 'the same request straight to the host', samples: times.bare };
    const method =
      'one request of 1 kB at a time, each over a connection of its own, in alternation; client, proxy and host in one process; ' +
      'the verdict on the host is known and its name found at once; each sample less the median of the baseline';
    return [
      toResult({
        ...{ name: 'egress.request', unit: 'ms', samples: less(times.plain), aim: 5, baseline },
        method: `plain request: ${method}`,
      }),
      toResult({
        ...{ name: 'egress.request.tunnel', unit: 'ms', samples: less(times.tunnel), aim: 5, baseline },
        method: `CONNECT and the request inside: ${method}`,
      }),
    ];
  },
};
