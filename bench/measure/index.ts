/** Every measure, in the order they run: what wants a fresh server first, what fills disks last. */
import type { Measure } from '../stage.ts';
import { decideToContinue, inboxOpen } from './approval.ts';
import { echoBrowser } from './browser.ts';
import { echo } from './echo.ts';
import { egress } from './egress.ts';
import { flood, interrupt } from './flood.ts';
import { gates } from './gate.ts';
import { gateway, gatewayMemory } from './gateway.ts';
import { join, slowViewer } from './join.ts';
import { append, appendBatched, commitToBrowser } from './log.ts';
import { memory } from './memory.ts';
import { pause } from './pause.ts';
import { judge } from './policy.ts';
import { sandbox } from './sandbox.ts';
import { find, list, open } from './session-data.ts';
import { serverStart, sessionRestart, sessionStart } from './start.ts';
import { timeline } from './timeline.ts';
import { turnColdRestart, turnColdStart, turnFirstToken, turnInterrupt, turnWarm } from './turn.ts';

export const measures: Measure[] = [
  ...[...memory, sessionStart, sessionRestart, echo, echoBrowser, join, interrupt, commitToBrowser, flood, slowViewer],
  ...[turnWarm, turnFirstToken, turnInterrupt, turnColdStart, turnColdRestart, pause, gateway, gatewayMemory, ...gates],
  ...[judge, egress, decideToContinue, inboxOpen, ...sandbox],
  ...[serverStart, append, appendBatched, list, open, find, ...timeline],
];
