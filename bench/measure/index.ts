/** Every measure, in the order they run: what wants a fresh server first, what fills disks last. */
import type { Measure } from '../stage.ts';
import { echoBrowser, timelineOpen } from './browser.ts';
import { echo } from './echo.ts';
import { flood, interrupt } from './flood.ts';
import { join, slowViewer } from './join.ts';
import { append, appendBatched, commitToBrowser } from './log.ts';
import { memory } from './memory.ts';
import { find, list, open } from './session-data.ts';
import { serverStart, sessionRestart, sessionStart } from './start.ts';

export const measures: Measure[] = [
  ...[...memory, sessionStart, sessionRestart, echo, echoBrowser, join, interrupt, commitToBrowser, flood, slowViewer],
  ...[serverStart, append, appendBatched, list, open, find, timelineOpen],
];
