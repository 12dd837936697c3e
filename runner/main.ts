/** Entry of the runner process: reads its launch file once, deletes it, and runs the session until told to stop. */
import { readFile, rm } from 'node:fs/promises';
import { launchSchema } from '#protocol/launch.ts';
import { SessionRunner } from './session-runner.ts';

const log = (line: string) => void process.stderr.write(`${new Date().toISOString()} ${line}\n`);

async function main(): Promise<void> {
  const path = process.argv[2];
  if (!path) throw new Error('usage: runner LAUNCH_FILE');
  const launch = launchSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  await rm(path);
  process.on('SIGHUP', () => undefined);
  const runner = await SessionRunner.start({
    launch,
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
