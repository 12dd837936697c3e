/** Entry of the runner process: waits at its input for a session, then runs that until told to stop. */
import { text } from 'node:stream/consumers';
import { launchSchema } from '#protocol/launch.ts';
import { namedHarnesses } from './harness/index.ts';
import { type Preparation, prepareSandbox } from './sandbox/index.ts';
import { SessionRunner } from './session-runner.ts';

/** A runner that waits longer than this, in ms, loads meanwhile what its session may want. */
const idleMs = 100;

const log = (line: string) => void process.stderr.write(`${new Date().toISOString()} ${line}\n`);

/** Null where there can be none: a session that wants it is told why. */
function prepared(): Preparation | null {
  try {
    return prepareSandbox();
  } catch {
    return null;
  }
}

async function main(): Promise<void> {
  process.on('SIGHUP', () => undefined);
  let preparation: Preparation | null = null;
  const idle = setTimeout(() => {
    void namedHarnesses().catch(() => undefined);
    preparation = prepared();
  }, idleMs);
  const input = await text(process.stdin);
  clearTimeout(idle);
  // The server that might have wanted it is gone.
  if (input === '') return process.exit(0);
  const launch = launchSchema.parse(JSON.parse(input));
  process.title = [process.execPath, process.argv[1], launch.directory].join(' ');
  const runner = await SessionRunner.start({
    launch,
    preparation,
    version: process.env.npm_package_version ?? '0.1.0',
    log,
    exit: (code) => process.exit(code),
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void runner.terminate());
}

main().catch((cause: unknown) => {
  log(`runner: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`);
  process.exit(1);
});
