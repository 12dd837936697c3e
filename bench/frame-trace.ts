/** What a page's main thread worked between its animation frames, from Chromium's trace: CPU time, whatever else the machine does. */
import type { Browser, Page } from '@playwright/test';

interface TraceEvent {
  name: string;
  cat: string;
  ph: string;
  pid: number;
  tid: number;
  /** µs. */
  ts: number;
  dur?: number;
  /** CPU time of the thread, µs. */
  tdur?: number;
}

export interface FrameTrace {
  /** Between frames, ms. */
  gaps: number[];
  /** CPU time of the main thread in each gap, ms. */
  work: number[];
}

const mark = 'bench-frame';

/** Marks every animation frame of `page` from now on. */
const markFrames = (page: Page, name: string) =>
  page.evaluate((frame) => {
    // A method, as a function of its own would need the bundler's help, which the page does not have.
    const loop = {
      next() {
        performance.mark(frame);
        requestAnimationFrame(loop.next);
      },
    };
    requestAnimationFrame(loop.next);
  }, name);

/** Traces `page` while `work` goes on. Once for each load of a page. */
export async function traceFrames(browser: Browser, page: Page, work: () => Promise<void>): Promise<FrameTrace> {
  await markFrames(page, mark);
  await browser.startTracing(page, { categories: ['-*', 'toplevel', 'blink.user_timing'] });
  let text = '';
  try {
    await work();
  } finally {
    text = (await browser.stopTracing()).toString('utf8');
  }
  const { traceEvents } = JSON.parse(text) as { traceEvents: TraceEvent[] };
  return framesOf(traceEvents);
}

function framesOf(events: TraceEvent[]): FrameTrace {
  const frames = events.filter(({ name }) => name === mark).sort((a, b) => a.ts - b.ts);
  const [first] = frames;
  if (!first) throw new Error('the trace holds no frames');
  const tasks = events
    .filter(
      ({ name, ph, pid, tid }) => ph === 'X' && name.endsWith('RunTask') && pid === first.pid && tid === first.tid,
    )
    .sort((a, b) => a.ts - b.ts);
  if (!tasks.some(({ tdur }) => tdur !== undefined)) throw new Error('the trace holds no CPU times');
  const found: FrameTrace = { gaps: [], work: [] };
  let at = 0;
  for (const [n, { ts: to }] of frames.entries()) {
    const from = frames[n - 1]?.ts;
    if (from === undefined) continue;
    let cpu = 0;
    while (at > 0 && endOf(tasks[at - 1]) > from) at--;
    for (; at < tasks.length && (tasks[at]?.ts ?? 0) < to; at++) cpu += cpuWithin(tasks[at], from, to);
    found.gaps.push((to - from) / 1_000);
    found.work.push(cpu / 1_000);
  }
  return found;
}

const endOf = (task: TraceEvent | undefined): number => (task?.ts ?? 0) + (task?.dur ?? 0);

/** A task that spans a frame is shared out by time. */
function cpuWithin(task: TraceEvent | undefined, from: number, to: number): number {
  const { ts = 0, dur = 0, tdur = 0 } = task ?? {};
  const within = Math.max(0, Math.min(ts + dur, to) - Math.max(ts, from));
  return dur === 0 ? 0 : (tdur * within) / dur;
}
