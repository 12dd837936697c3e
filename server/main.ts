/** Entry of the server process: environment in, one ready line out, a clean stop on SIGTERM and SIGINT. */
import { Console } from 'node:console';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '#protocol/error.ts';
import { boot, readVersion } from './boot.ts';
import { readConfig } from './config.ts';
import { openPages } from './page.ts';

/** Longest a stop may take before the process goes anyway, in ms; contract.md promises 10 s. */
const stopMs = 9_000;

const say = (line: string) => void process.stderr.write(`${line}\n`);
const note = (line: string) => say(`${new Date().toISOString()} ${line}`);

async function main(): Promise<void> {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const config = readConfig(process.env);
  let lastLine = 'starting';
  const since = Date.now();
  const waiting = setInterval(() => say(`${lastLine}, ${Math.round((Date.now() - since) / 1000)} s`), 4_000);
  const progress = (line: string) => {
    lastLine = line;
    say(line);
  };
  const version = await readVersion(root);
  const isDev = process.env.NODE_ENV === 'development';
  const running = await boot({
    ...{ config, root, version, progress, note, onFatal: fail },
    openPages: () => openPages({ root, isDev }),
  });
  clearInterval(waiting);
  let isStopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (isStopping) return;
      isStopping = true;
      setTimeout(() => process.exit(1), stopMs).unref();
      running.stop().then(() => process.exit(0), fail);
    });
  }
  process.stdout.write(`ready ${await running.signIn()}\n`);
}

function fail(cause: unknown): void {
  const error = cause instanceof AppError ? cause : null;
  say(
    error
      ? `omnigent: ${error.message}`
      : `omnigent: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`,
  );
  process.exit(error?.facts.exit ?? 1);
}

process.on('unhandledRejection', (cause) =>
  note(`unhandled: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`),
);
process.on('SIGHUP', () => undefined);
// stdout carries the ready line and nothing else; libraries that print go to stderr.
globalThis.console = new Console(process.stderr, process.stderr);
main().catch(fail);
