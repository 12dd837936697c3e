/** session.cold-start, session.cold-restart, server.start: from a request to something that works. */

import type { Visitor } from '#e2e/visitor.ts';
import type { TerminalId } from '#protocol/id.ts';
import { RawViewer } from '../raw-viewer.ts';
import { type Result, toResult } from '../result.ts';
import { type Measure, type Stage, settle } from '../stage.ts';

/** Resolves at the terminal's first byte of output, also when it was printed before the socket opened. */
async function firstByte(visitor: Visitor, terminalId: TerminalId): Promise<void> {
  const viewer = await RawViewer.open(visitor, terminalId);
  if (viewer.end === 0) {
    await new Promise<void>((resolve) => {
      viewer.onOutput = () => resolve();
      if (viewer.end > 0) resolve();
    });
  }
  viewer.socket.terminate();
}

async function coldStart(stage: Stage, files: number, rounds: number): Promise<number[]> {
  const [dir, ada] = [await stage.repository(files), await stage.person()];
  const samples: number[] = [];
  for (let n = -1; n < rounds; n++) {
    const since = performance.now();
    const session = await ada.api.session.create.mutate({ dir });
    if (session.terminalId !== null) await firstByte(ada, session.terminalId);
    if (n >= 0) samples.push(performance.now() - since);
    await stage.end(session);
    await settle(200);
  }
  return samples;
}

const startMethod = (files: number) =>
  `new session on a git repository of ${files} files, from the request to the first byte of its shell at a browser's socket: ` +
  'clone, runner, sandbox, shell';

export const sessionStart: Measure = {
  name: 'session.cold-start',
  async run(stage, { runs, isQuick }) {
    const results: Result[] = [];
    const small = await coldStart(stage, 20, runs ?? (isQuick ? 5 : 20));
    results.push(
      toResult({ name: 'session.cold-start', unit: 'ms', samples: small, aim: 400, method: startMethod(20) }),
    );
    if (!isQuick) {
      const large = await coldStart(stage, 5_000, Math.min(runs ?? 5, 5));
      results.push(
        toResult({ name: 'session.cold-start.5000-files', unit: 'ms', samples: large, method: startMethod(5_000) }),
      );
    }
    return results;
  },
};

export const sessionRestart: Measure = {
  name: 'session.cold-restart',
  async run(stage, { runs, isQuick }) {
    const session = await stage.session(null);
    const ada = await stage.person();
    const samples: number[] = [];
    for (let n = -1; n < (runs ?? (isQuick ? 5 : 20)); n++) {
      await ada.api.session.stop.mutate({ session: session.sessionId });
      const since = performance.now();
      await ada.api.session.resume.mutate({ session: session.sessionId });
      await firstByte(ada, await openTerminal(ada, session.sessionId));
      if (n >= 0) samples.push(performance.now() - since);
      await settle(200);
    }
    await stage.end(session);
    return [
      toResult({
        ...{ name: 'session.cold-restart', unit: 'ms', samples },
        method: 'a stopped session, from Resume to the first byte of its new shell at a browser’s socket',
      }),
    ];
  },
};

/** Follows the session's events, as its page does, until it has an open terminal again. */
async function openTerminal(visitor: Visitor, session: string): Promise<TerminalId> {
  const { view } = await visitor.api.session.get.query({ session });
  const open = view.terminals.find(({ closed }) => !closed);
  if (open) return open.terminalId;
  return new Promise((resolve) => {
    const subscription = visitor.api.session.events.subscribe(
      { session, after: view.lastSeq },
      {
        onData: ({ data }) => {
          if (data.type !== 'terminal.opened') return;
          subscription.unsubscribe();
          resolve(data.payload.terminalId);
        },
      },
    );
  });
}

export const serverStart: Measure = {
  name: 'server.start',
  async run(stage, { runs, isQuick }) {
    const server = await stage.ownServer({ entry: 'bin/start.mjs' });
    const samples: number[] = [];
    for (let n = 0; n < (runs ?? (isQuick ? 3 : 10)); n++) {
      await server.kill('SIGTERM');
      await server.restart();
      samples.push(server.readyMs);
    }
    return [
      toResult({
        ...{ name: 'server.start', unit: 'ms', samples, aim: 2_000 },
        method:
          'node bin/start.mjs (what `npm start` runs) on a home that was used before and a finished build, from spawn to the ready line',
      }),
    ];
  },
};
