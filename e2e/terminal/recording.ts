/**
 * A recorded terminal: what a real program printed, in the pieces it came in, and when its size changed. Kept as
 * gzipped JSON lines; knows neither how it was made nor how it is used.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { colsSchema, rowsSchema } from '#protocol/event.ts';

const headSchema = z.object({ name: z.string().min(1), cols: colsSchema, rows: rowsSchema });
const lineSchema = z.union([
  z.object({ at: z.number().min(0), data: z.base64() }),
  z.object({ at: z.number().min(0), resize: z.tuple([colsSchema, rowsSchema]) }),
]);

/** One thing that happened: output, or a new size. */
export type Step = { do: 'print'; data: Uint8Array } | { do: 'resize'; cols: number; rows: number };

export interface Recording {
  name: string;
  cols: number;
  rows: number;
  steps: Iterable<Step>;
}

const folder = new URL('recording/', import.meta.url).pathname;
const ending = '.jsonl.gz';

export const recordingNames = (): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
    .sort();

/** Throws where the file is missing or not a recording. */
export function readRecording(name: string): Recording & { steps: Step[] } {
  const [first = '', ...lines] = gunzipSync(readFileSync(join(folder, name + ending)))
    .toString()
    .trimEnd()
    .split('\n');
  const steps = lines.map((text): Step => {
    const line = lineSchema.parse(JSON.parse(text));
    if ('data' in line) return { do: 'print', data: new Uint8Array(Buffer.from(line.data, 'base64')) };
    const [cols, rows] = line.resize;
    return { do: 'resize', cols, rows };
  });
  return { ...headSchema.parse(JSON.parse(first)), steps };
}

/** `at`: ms since the program started. */
export type TimedStep = Step & { at: number };

export function writeRecording(recording: { name: string; cols: number; rows: number; steps: TimedStep[] }): void {
  const { name, cols, rows, steps } = recording;
  const lines = steps.map((step) =>
    step.do === 'print'
      ? { at: step.at, data: Buffer.from(step.data).toString('base64') }
      : { at: step.at, resize: [step.cols, step.rows] },
  );
  const text = [{ name, cols, rows }, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('');
  writeFileSync(join(folder, name + ending), gzipSync(text, { level: 9 }));
}
