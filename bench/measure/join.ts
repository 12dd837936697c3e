/** terminal.join: how long somebody who comes late waits for a screen. terminal.slow-viewer: what one who does not read costs the others. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join as joinPath } from 'node:path';
import type { Visitor } from '#e2e/visitor.ts';
import { Watcher } from '#e2e/watcher.ts';
import { RawViewer } from '../raw-viewer.ts';
import { median, toResult } from '../result.ts';
import { type Measure, type Opened, settle } from '../stage.ts';

/** Fills screen and scrollback with coloured lines, then stays. */
const fullScreen =
  'i=0; while [ $i -lt 1500 ]; do printf "\\033[3%dm%06d %s\\033[0m\\n" $((i % 8)) $i "a line of some ordinary length with colour in it"; i=$((i+1)); done; exec cat';

async function joinOnce(visitor: Visitor, { terminalId }: Opened): Promise<number> {
  const since = performance.now();
  return new Promise((resolve) => {
    const watcher: Watcher = new Watcher({
      ...{ visitor, terminalId },
      onDrawn: () => {
        resolve(performance.now() - since);
        setImmediate(() => watcher.stop());
      },
    });
  });
}

export const join: Measure = {
  name: 'terminal.join',
  async run(stage, { runs, isQuick }) {
    const session = await stage.session(['/bin/sh', '-c', fullScreen], { cols: 120, rows: 40 });
    const ada = await stage.person();
    await settle(1_500);
    const samples: number[] = [];
    for (let n = -3; n < (runs ?? (isQuick ? 20 : 100)); n++) {
      const ms = await joinOnce(ada, session);
      if (n >= 0) samples.push(ms);
      await settle(30);
    }
    await stage.end(session);
    return [
      toResult({
        ...{ name: 'terminal.join', unit: 'ms', samples, aim: 100 },
        method:
          'from opening the socket to a drawn screen (xterm write callback), 120×40 with 1,000 coloured lines of scrollback; ' +
          'includes the WebSocket handshake and sign-in check',
      }),
    ];
  },
};

const viewerCount = 50;
const slowBytes = 4 * 1024 * 1024;

/** Longer than this and somebody will never have it, ms. */
const distributeMs = 60_000;

const describeBehind = (readers: RawViewer[], target: number): string =>
  readers
    .filter((reader) => reader.end < target)
    .map(({ end, missed, snapshots }) => `${target - end} bytes behind, ${missed} missed, ${snapshots} screens`)
    .join('; ');

/** Time until everybody who reads has all of the file's bytes, or a screen that stands for them; ms. */
async function distribute(driver: RawViewer, readers: RawViewer[], bytes: number): Promise<number> {
  const target = driver.end + bytes;
  const since = performance.now();
  driver.type(' cat slow.txt\r');
  while (!readers.every((reader) => reader.end >= target)) {
    for (const reader of readers) reader.report();
    await settle(2);
    if (performance.now() - since > distributeMs)
      throw new Error(`not distributed: ${describeBehind(readers, target)}`);
  }
  return performance.now() - since;
}

export const slowViewer: Measure = {
  name: 'terminal.slow-viewer',
  async run(stage, { runs, isQuick }) {
    const session = await stage.session(null);
    await writeFile(joinPath(session.checkout, 'slow.txt'), `${'x'.repeat(78)}\r\n`.repeat(slowBytes / 80));
    const ada = await stage.person();
    const readers: RawViewer[] = [];
    for (let n = 0; n < viewerCount - 1; n++) readers.push(await RawViewer.open(ada, session.terminalId));
    const [driver] = readers;
    if (!driver) throw new Error('nobody reads');
    const samples: { stalled: number[]; none: number[] } = { stalled: [], none: [] };
    for (let n = -2; n < 2 * (runs ?? (isQuick ? 4 : 12)); n++) {
      const kind = n % 2 === 0 ? 'stalled' : 'none';
      const last = await RawViewer.open(ada, session.terminalId);
      if (kind === 'stalled') last.socket.pause();
      await settle(300);
      const ms = await distribute(driver, kind === 'stalled' ? readers : [...readers, last], slowBytes);
      if (n >= 0) samples[kind].push(ms);
      last.socket.terminate();
      if (kind === 'none') await once(last.socket, 'close');
    }
    for (const reader of readers) await reader.close();
    await stage.end(session);
    const base = median(samples.none);
    return [
      toResult({
        ...{ name: 'terminal.slow-viewer', unit: 'ratio', aim: 1.15 },
        samples: samples.stalled.map((ms) => ms / base),
        method:
          `${viewerCount} viewers of one terminal, 4 MB printed; time until everybody who reads has it, with one of the ${viewerCount} ` +
          `not reading at all, over the median of the runs (in turns) in which all read (${Math.round(base)} ms)`,
      }),
    ];
  },
};
