/** Turns pages of a recording into what a read-only emulator draws, oldest first. Pure; knows no transport. */
import type { RecordingPage } from '#components/api/api.ts';
import { formatBytes, formatClock } from '#components/ui/format.ts';

export type Replay =
  | { do: 'size'; cols: number; rows: number }
  | { do: 'write'; data: Uint8Array }
  /** Output between two pieces was not kept; `words` say how much. */
  | { do: 'gap'; words: string };

const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

function piece(part: RecordingPage['pieces'][number], now: number): Replay {
  if (part.kind === 'raw') return { do: 'write', data: fromBase64(part.data) };
  const size = part.to > part.from ? `${formatBytes(part.to - part.from)} were printed` : 'output was printed';
  return { do: 'gap', words: `${size} too fast to keep, ${formatClock(part.at, now)}` };
}

/** Steps that draw `pages` (oldest first) on a fresh emulator. Only the first page's screen is needed: pages join. */
export function replayOf(pages: readonly RecordingPage[], now: number): Replay[] {
  const steps: Replay[] = [];
  let size = { cols: 0, rows: 0 };
  const resize = ({ cols, rows }: { cols: number; rows: number }) => {
    if (cols !== size.cols || rows !== size.rows) steps.push({ do: 'size', cols, rows });
    size = { cols, rows };
  };
  const first = pages[0]?.screen;
  if (first) {
    resize(first);
    steps.push({ do: 'write', data: fromBase64(first.data) });
  }
  let end = first?.offset ?? 0;
  for (const part of pages.flatMap((page) => page.pieces)) {
    if (part.to <= end && part.kind === 'raw') continue;
    resize(part);
    const step = piece(part, now);
    steps.push(
      step.do === 'write' && part.from < end ? { do: 'write', data: step.data.subarray(end - part.from) } : step,
    );
    end = Math.max(end, part.to);
  }
  return steps;
}
