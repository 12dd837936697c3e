import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { newId } from '#protocol/id.ts';
import { type FromRunner, runnerProtocol } from '#protocol/runner-message.ts';
import { type Hello, RunnerLink } from './link.ts';

const source = { now: () => 0, random: (bytes: Uint8Array) => void bytes.set(randomBytes(bytes.length)) };
const terminalId = newId('terminal', source);

class Wire extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  readonly sent: unknown[] = [];
  closedWith: number | null = null;
  send(data: string): void {
    this.sent.push(JSON.parse(data));
  }
  close(code: number): void {
    this.readyState = 3;
    this.closedWith = code;
    this.emit('close');
  }
  say(message: FromRunner): void {
    this.emit('message', Buffer.from(JSON.stringify(message)), false);
  }
}

/** A link whose facts are stored, or not, when the test says so. */
function linkOf() {
  const wire = new Wire();
  const commits: { store: () => void; fail: (cause: Error) => void }[] = [];
  const ignore = () => undefined;
  const sink = {
    ...{ output: ignore, resized: ignore, gap: ignore, inputAcked: ignore, activity: ignore, delta: ignore },
    commit: () => new Promise<void>((store, fail) => commits.push({ store, fail })),
  };
  const hello: Hello = {
    ...{ type: 'hello', protocol: runnerProtocol, epoch: 1, version: '0', isolation: 'namespaces', warning: null },
    ...{ sessionId: newId('session', source), runnerId: newId('runner', source), journal: '0123456789abcdef' },
    terminals: [],
    newestTurn: null,
    actions: [],
  };
  const link = new RunnerLink({ socket: wire as unknown as WebSocket, hello, sink, now: () => 0, log: ignore });
  link.send({ type: 'welcome', wanted: [] });
  return { link, wire, commits };
}

const closed = { terminalId, exitCode: 0, signal: null, reason: null };

/** Asks to close a terminal; the runner states that it is closed, then answers. */
function closeTerminal({ link, wire }: ReturnType<typeof linkOf>): { outcome: string; settled: Promise<void> } {
  const seen = { outcome: 'waiting', settled: Promise.resolve() };
  const see = (outcome: string) => {
    seen.outcome = outcome;
  };
  const asked = link.request({ type: 'terminal.close', terminalId });
  seen.settled = asked.then(
    () => see('answered'),
    (cause: Error) => see(cause.message),
  );
  wire.say({ type: 'event', n: 1, event: { type: 'terminal.closed', payload: closed } });
  wire.say({ type: 'reply', request: 1, ok: true, result: null });
  return seen;
}

it('[RUN19] an answer is passed on once the facts before it are in the log', async () => {
  const given = linkOf();
  const close = closeTerminal(given);
  await new Promise((resolve) => setImmediate(resolve));
  expect(close.outcome).toBe('waiting');
  given.commits[0]?.store();
  await close.settled;
  expect(close.outcome).toBe('answered');
  expect(given.wire.sent.at(-1)).toEqual({ type: 'ack', n: 1 });
});

it('[RUN19] an answer whose facts cannot be stored is none', async () => {
  const given = linkOf();
  const close = closeTerminal(given);
  given.commits[0]?.fail(new Error('the disk is full'));
  await close.settled;
  expect(close.outcome).toMatch(/does not answer/);
  expect(given.wire.closedWith).toBe(4503);
});
