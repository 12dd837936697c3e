/** gateway.*: what the gateway adds to a model call, over a proxy that only passes bytes, in the same run, and what it keeps. */
import { randomFillSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, createServer, request as dial, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ModelServer } from '#e2e/model/server.ts';
import { newId } from '#protocol/id.ts';
import { createBus } from '#server/bus/index.ts';
import { addressOf, Gateway } from '#server/gateway/index.ts';
import { openLog, type SessionTopics } from '#server/session/index.ts';
import { Ledger } from '#server/usage/index.ts';
import { toResult } from '../result.ts';
import { withDatabase } from '../seed-home.ts';
import type { Measure } from '../stage.ts';

const random = (bytes: Uint8Array) => void randomFillSync(bytes);
const now = () => Date.now();
/** About what a coding agent sends with its first call, in characters. */
const bodySize = 50_000;

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

async function listen(handler: RequestListener): Promise<Server> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** The baseline: passes a call on and its answer back. */
function passThrough(target: string): RequestListener {
  const agent = new Agent({ keepAlive: true });
  return (incoming, response) => {
    const { headers, method, url } = incoming;
    const call = dial(new URL(url ?? '/', target), { agent, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    call.on('error', () => response.destroy());
    incoming.pipe(call);
  };
}

const agent = new Agent({ keepAlive: true });
const body = JSON.stringify({
  model: 'scripted',
  stream: true,
  messages: [{ role: 'user', content: 'x'.repeat(bodySize) }],
});

/** Ms to the first byte of the answer and to its end. */
function call(port: number): Promise<{ first: number; total: number }> {
  return new Promise((resolve, reject) => {
    const since = performance.now();
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = dial({ agent, port, host: '127.0.0.1', path: '/v1/messages', method: 'POST', headers }, (answer) => {
      let first = 0;
      answer.on('data', () => {
        first ||= performance.now() - since;
      });
      answer.on('end', () => resolve({ first, total: performance.now() - since }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

interface Samples {
  ours: { first: number; total: number }[];
  plain: { first: number; total: number }[];
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** MB that are reachable. What a first collection lets go is freed by the next. */
async function heapMb(): Promise<number> {
  for (let n = 0; n < 3; n++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return process.memoryUsage().heapUsed / 1e6;
}

interface Ports {
  ours: number;
  plain: number;
  model: ModelServer;
}

/** A gateway with its ledger and the proxy that it is compared with, in front of one scripted model. */
async function withPorts<T>(work: (ports: Ports) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'omnigent-bench-'));
  const model = await ModelServer.start(0);
  model.play({ rules: [{ usage: { input: 10, output: 5 }, steps: [{ text: 'Hello there.', chunks: 20 }] }] });
  try {
    return await withDatabase(join(folder, 'home'), async ({ sql }) => {
      const bus = createBus<SessionTopics>(() => undefined);
      const log = await openLog({ sql, bus, clock: { now }, random });
      const sessionId = newId('session', { now, random });
      const payload = { name: 'bench', source: '/r', checkout: '/c', branch: null, includesChanges: false };
      await log.append(sessionId, [{ type: 'session.created', payload, principal: 'server' }]);
      const note = () => undefined;
      const ledger = new Ledger({ sql, log, now, random, note });
      const provider = { ...addressOf('anthropic', model.url), key: 'k' };
      const providerNamed = () => ({ kind: 'ready', provider }) as const;
      const holds = { isFrozen: () => false, watch: () => () => undefined };
      const gateway = new Gateway({ providerNamed, url: () => '', calls: ledger, holds, note });
      const caller = { sessionId, agent: 'bench', turnId: null };
      const ours = await listen(
        (request, response) => void gateway.handle(request.url ?? '', request, response, caller),
      );
      const plain = await listen(passThrough(model.url));
      const result = await work({ ours: portOf(ours), plain: portOf(plain), model });
      gateway.close();
      await ledger.close();
      for (const server of [ours, plain]) server.close();
      agent.destroy();
      await log.close();
      return result;
    });
  } finally {
    await model.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function sample({ ours, plain, model }: Ports, count: number): Promise<Samples> {
  const samples: Samples = { ours: [], plain: [] };
  for (let n = -50; n < count; n++) {
    const [one, other] = [await call(ours), await call(plain)];
    if (n >= 0) samples.ours.push(one);
    if (n >= 0) samples.plain.push(other);
    model.forget();
  }
  return samples;
}

/** Calls before the first look: what is made once, and caches that fill. */
const memoryWarmUp = 500;

/** MB of heap after each tenth of `count` calls, less those before the first; nothing of a call is kept here. */
async function sampleHeap({ ours, model }: Ports, count: number): Promise<number[]> {
  for (let n = 0; n < memoryWarmUp; n++) await call(ours);
  model.forget();
  const first = await heapMb();
  const grown: number[] = [];
  for (let tenth = 0; tenth < 10; tenth++) {
    for (let n = 0; n < count / 10; n++) {
      await call(ours);
      model.forget();
    }
    grown.push((await heapMb()) - first);
  }
  return grown;
}

const method =
  'the gateway with its ledger on the embedded Postgres, in this process: a streamed call with a 50 kB body, each followed by one through a 30-line pass-through proxy; difference of the pair';

export const gateway: Measure = {
  name: 'gateway.first-byte',
  async run(_, { runs, isQuick }) {
    const count = runs ?? (isQuick ? 300 : 10_000);
    const { ours, plain } = await withPorts((ports) => sample(ports, count));
    const added = (field: 'first' | 'total') => ours.map((each, at) => each[field] - (plain[at]?.[field] ?? 0));
    const baseline = (field: 'first' | 'total') => ({
      name: 'pass-through proxy',
      samples: plain.map((each) => each[field]),
    });
    return [
      toResult({
        name: 'gateway.first-byte',
        unit: 'ms',
        samples: added('first'),
        aim: 2,
        baseline: baseline('first'),
        method,
      }),
      toResult({ name: 'gateway.total', unit: 'ms', samples: added('total'), baseline: baseline('total'), method }),
    ];
  },
};

export const gatewayMemory: Measure = {
  name: 'gateway.memory',
  async run(_, { runs, isQuick }) {
    const count = runs ?? (isQuick ? 1_000 : 10_000);
    const samples = await withPorts((ports) => sampleHeap(ports, count));
    return [
      toResult({
        ...{ name: 'gateway.memory', unit: 'MB', samples, aimMax: 2 },
        method:
          `heap in use after each tenth of ${count} streamed calls with a 50 kB body, less that after the first ${memoryWarmUp}, each after ` +
          'forced collections; the gateway, its ledger and log, the client and the scripted provider in one process',
      }),
    ];
  },
};
