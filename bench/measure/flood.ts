/** terminal.flood: 50 MB of output, from Enter to the last line on every viewer's screen; and how silent Ctrl-C makes it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Watcher } from '#e2e/watcher.ts';
import { RawViewer } from '../raw-viewer.ts';
import { type Result, toResult } from '../result.ts';
import { type BenchOptions, type Measure, type Opened, type Stage, settle } from '../stage.ts';

const fullBytes = 50 * 1024 * 1024;
const quickBytes = 10 * 1024 * 1024;
/** Silence for this long after Ctrl-C means that nothing more comes, ms. */
const silenceMs = 400;

/** Numbered lines of a build log's kind: mostly plain text, one in five coloured. */
async function writeFlood(path: string, bytes: number): Promise<void> {
  const lines: string[] = [];
  for (let n = 0, size = 0; size < bytes; n++) {
    const text = `${String(n).padStart(8)} compiling module ${n % 977} of the project, ${n % 13} warnings, ${'·'.repeat(n % 9)} done`;
    const line = n % 5 === 0 ? `\x1b[${31 + (n % 7)}m${text}\x1b[0m\n` : `${text}\n`;
    lines.push(line);
    size += Buffer.byteLength(line);
  }
  await writeFile(path, lines.join(''));
}

interface Flood {
  ms: number;
  /** Of all bytes that every viewer should have seen, the share that came as output and not as a fresh screen. */
  rawShare: number;
}

async function floodOnce(stage: Stage, session: Opened, viewers: number, round: number): Promise<Flood> {
  let raw = 0;
  const visitor = await stage.person();
  const watchers = Array.from(
    { length: viewers },
    () =>
      new Watcher({
        ...{ visitor, terminalId: session.terminalId },
        onBytes: (kind, size) => {
          if (kind === 'output') raw += size;
        },
      }),
  );
  const [driver] = watchers;
  while (!watchers.every((watcher) => watcher.isLive)) await settle(20);
  await settle(500);
  const start = { raw, at: driver?.drawn ?? 0 };
  const since = performance.now();
  // The mark is spelled in two parts, so that the echo of the command is not taken for its end.
  driver?.type(Buffer.from(` clear; cat flood.txt; echo flood ${round} is o''ver\r`));
  const isOver = (watcher: Watcher) => watcher.lines().includes(`flood ${round} is over`);
  while (!watchers.every(isOver)) await settle(5);
  const ms = performance.now() - since;
  const total = (driver?.drawn ?? 0) - start.at;
  for (const watcher of watchers) watcher.stop();
  return { ms, rawShare: (raw - start.raw) / (total * viewers) };
}

async function measureFlood(stage: Stage, options: BenchOptions, viewers: number): Promise<Result[]> {
  const { runs, isQuick } = options;
  const bytes = isQuick ? quickBytes : fullBytes;
  const session = await stage.session(null, { cols: 120, rows: 40 });
  await writeFlood(join(session.checkout, 'flood.txt'), bytes);
  const floods: Flood[] = [];
  for (let n = -1; n < (runs ?? (isQuick ? 1 : 5)); n++) {
    const flood = await floodOnce(stage, session, viewers, n);
    if (n >= 0) floods.push(flood);
  }
  await stage.end(session);
  const size = `${Math.round(bytes / 2 ** 20)} MB`;
  const one = viewers === 1 ? '' : `.${viewers}-viewers`;
  const method =
    `cat of a ${size} file typed into a shell in the session, from Enter to its last line on the screen of every viewer; ` +
    `${viewers} viewer(s), each the web app's socket with @xterm/headless, all in one process; one round to warm up`;
  // The aims are those of 50 MB; the time of less says nothing about them.
  const aim = isQuick ? {} : { aim: viewers === 1 ? 6_000 : 12_000 };
  return [
    toResult({ name: `terminal.flood${one}`, unit: 'ms', samples: floods.map(({ ms }) => ms), ...aim, method }),
    toResult({
      ...{ name: `terminal.flood${one}.raw-share`, unit: '%', better: 'higher' },
      samples: floods.map(({ rawShare }) => 100 * rawShare),
      ...(viewers === 1 ? { aim: 90 } : {}),
      method: `share of the flood's bytes that reached viewers as output; the rest was replaced by fresh screens (same runs)`,
    }),
  ];
}

export const flood: Measure = {
  name: 'terminal.flood',
  async run(stage, options) {
    return [...(await measureFlood(stage, options, 1)), ...(await measureFlood(stage, options, 10))];
  },
};

/** From the Ctrl-C of client A to the last byte of output at client B. */
async function interruptOnce(typing: RawViewer, watching: RawViewer): Promise<number> {
  let lastAt = 0;
  typing.type(' yes "a line that repeats itself for ever and ever"\r');
  watching.onOutput = () => {
    lastAt = performance.now();
  };
  await settle(1_000);
  const since = performance.now();
  typing.type('\x03');
  while (performance.now() - Math.max(lastAt, since) < silenceMs) {
    watching.report();
    typing.report();
    await settle(10);
  }
  return Math.max(0, lastAt - since);
}

export const interrupt: Measure = {
  name: 'terminal.flood-ctrl-c',
  async run(stage, { runs, isQuick }) {
    const session = await stage.session(null);
    const typing = await RawViewer.open(await stage.person(), session.terminalId);
    const watching = await RawViewer.open(await stage.person('Ben'), session.terminalId);
    const samples: number[] = [];
    for (let n = -1; n < (runs ?? (isQuick ? 5 : 20)); n++) {
      const ms = await interruptOnce(typing, watching);
      if (n >= 0) samples.push(ms);
    }
    await Promise.all([typing.close(), watching.close()]);
    await stage.end(session);
    return [
      toResult({
        ...{ name: 'terminal.flood-ctrl-c', unit: 'ms', samples, aim: 200 },
        method:
          '`yes` floods a shell for 1 s; from the frame with Ctrl-C at client A to the last output byte at client B',
      }),
    ];
  },
};
