/** terminal.echo: a key from one browser's socket to its echo on another's, beside the bare PTY's own echo. */
import { spawn } from '@lydell/node-pty';
import { detectIsolation, noSandbox } from '#runner/sandbox/index.ts';
import { RawViewer } from '../raw-viewer.ts';
import { median, toResult } from '../result.ts';
import { type Measure, settle } from '../stage.ts';

/** Echoes each byte at once, as an editor's raw mode does. */
const echoProgram = ['/bin/sh', '-c', 'stty raw -echo; printf ready; exec cat'];
const warmUp = 50;
/** Between keys, ms: a fast typist's rhythm, and time for everything to fall idle. */
const pauseMs = 8;
const letters = 'abcdefghijklmnopqrstuvwxyz';

interface Echo {
  /** Sends one byte and resolves when it comes back. */
  once(letter: string): Promise<number>;
  close(): Promise<void>;
}

/** The same program under the same sandbox on a PTY of this process, with nothing between. */
async function openRaw(cwd: string): Promise<Echo> {
  const { isolation } = await detectIsolation();
  const program = await noSandbox(isolation, process.env).wrap({ command: echoProgram, cwd });
  const settings = { name: 'xterm-256color', encoding: null, cols: 80, rows: 24, cwd, env: program.env };
  const pty = spawn(program.file, program.args, settings);
  let heard: (text: string) => void = () => undefined;
  let text = '';
  const ready = new Promise<void>((resolve) => {
    heard = (piece) => {
      text += piece;
      if (text.includes('ready')) resolve();
    };
  });
  pty.onData((data) => heard(Buffer.from(data).toString('latin1')));
  await ready;
  return {
    once: (letter) =>
      new Promise((resolve) => {
        const since = performance.now();
        heard = (piece) => piece.includes(letter) && resolve(performance.now() - since);
        pty.write(letter);
      }),
    async close() {
      const ended = new Promise<void>((resolve) => void pty.onExit(() => resolve()));
      pty.kill('SIGKILL');
      await ended;
    },
  };
}

async function openThrough(typing: RawViewer, watching: RawViewer): Promise<Echo> {
  return {
    once: (letter) =>
      new Promise((resolve) => {
        const since = performance.now();
        watching.onOutput = (data) => data.includes(letter.charCodeAt(0)) && resolve(performance.now() - since);
        typing.type(letter);
      }),
    close: async () => void (await Promise.all([typing.close(), watching.close()])),
  };
}

export const echo: Measure = {
  name: 'terminal.echo',
  async run(stage, { runs, isQuick }) {
    const n = runs ?? (isQuick ? 200 : 1_000);
    const session = await stage.session(echoProgram);
    const [ada, ben] = [await stage.person(), await stage.person('Ben')];
    const through = await openThrough(
      await RawViewer.open(ada, session.terminalId),
      await RawViewer.open(ben, session.terminalId),
    );
    const raw = await openRaw(session.checkout);
    const samples: { through: number[]; raw: number[] } = { through: [], raw: [] };
    for (let i = -warmUp; i < n; i++) {
      const letter = letters[(i + warmUp) % letters.length] ?? 'a';
      for (const kind of ['through', 'raw'] as const) {
        await settle(pauseMs);
        const ms = await (kind === 'through' ? through : raw).once(letter);
        if (i >= 0) samples[kind].push(ms);
      }
    }
    await Promise.all([through.close(), raw.close()]);
    await stage.end(session);
    const floor = median(samples.raw);
    return [
      toResult({
        ...{ name: 'terminal.echo', unit: 'ms', aim: 2, aimP95: 5 },
        samples: samples.through.map((ms) => Math.max(0, ms - floor)),
        baseline: { name: 'the same program on a bare PTY', samples: samples.raw },
        method:
          'input frame sent by client A to the same byte in an output frame at client B, both WebSockets on loopback, ' +
          'through server and runner, minus the median echo of the same program under the same sandbox on a bare PTY, taken in turns',
      }),
    ];
  },
};
