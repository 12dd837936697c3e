/** `process-reaper.ts FOLDER`: when whoever started it is gone, however it ended, kills what is left of FOLDER and removes it. */
import { rm } from 'node:fs/promises';
import { killProcessesOf } from './process-scan.ts';

const [, , folder = ''] = process.argv;
/** Sent when the starter has cleaned up itself. */
const allClear = 'clean\n';

let heard = '';
process.stdin.setEncoding('utf8');
for await (const text of process.stdin) {
  heard += text;
  if (heard === allClear) process.exit(0);
}
await killProcessesOf(folder);
await rm(folder, { recursive: true, force: true });
